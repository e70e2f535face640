"""nel-advisor: finds the mistakes in NeMo Evaluator Launcher configs and quantized checkpoints before a job does."""

__version__ = "0.1.0"
