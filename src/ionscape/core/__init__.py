"""What every technique stands on: quantities, estimates, samples, citations, the registry."""
