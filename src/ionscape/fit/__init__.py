"""One fitting core for every technique: least squares, profile likelihood, model comparison."""
