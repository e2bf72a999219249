"""How we do: health, metrics, stages, ids and the words of logs."""
