"""How fast training is, compared with other implementations of the same networks."""
