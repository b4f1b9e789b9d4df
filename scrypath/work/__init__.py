"""Tasks and jobs as units of work: ids, states, reasons, failed work, supersession."""
