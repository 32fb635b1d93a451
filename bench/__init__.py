"""How fast training is, beside others who train the same networks."""
