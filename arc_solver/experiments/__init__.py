"""Questions with more than one run behind their answer: sweeps over settings, repeated with several seeds."""
