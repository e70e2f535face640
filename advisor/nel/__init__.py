"""What the text means to NEL: dialect, composition, effective values, tasks, serve commands."""
