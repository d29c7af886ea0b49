"""MAKE THE MODELS: phantoms, silver masks, training, evaluation. Not needed to read a study."""
