"""Where events come from: files, folders, standard input."""
