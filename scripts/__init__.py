"""The steps of the study, one file each."""
