"""What every substrate must do alike, and what cores may exchange."""
