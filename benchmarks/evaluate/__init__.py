"""How well does it understand? Data sets, measures, the peers, and the report: `make evaluate`; docs/evaluation.md."""
