"""Reports: a registry of dimensions and metrics, one compiler, one API. Never imports tracker."""
