"""The ground floor: settings, stores, errors, logging, metrics. Imports no other room."""
