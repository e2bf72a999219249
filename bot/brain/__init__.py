"""What Rasa loads: graph components, the channel, the tracker store and the importer of the answers' texts."""
