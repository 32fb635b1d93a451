"""The project's folder, and a copy of it."""

from scripts.study import project


def test_what_an_editor_leaves_in_a_folder_is_not_copied(tmp_path, monkeypatch):
    root = tmp_path / "root"
    root.mkdir()
    project.copy_project(root)
    (root / "report/.#report.md.j2").symlink_to("someone@somewhere.1")
    monkeypatch.setattr(project, "ROOT", root)
    (tmp_path / "copy").mkdir()
    project.copy_project(tmp_path / "copy")
    assert not (tmp_path / "copy/report/.#report.md.j2").is_symlink()
    assert (tmp_path / "copy/report/report.md.j2").is_file()
