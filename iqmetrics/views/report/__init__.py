"""One offline HTML page that shows why: scorecard, worst images, pairs, overlays, coverage."""
