"""From training messages to a model: data, pipeline, features, classifier, confidence."""
