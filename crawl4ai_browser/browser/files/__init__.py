"""Files: from the browser's downloads and from plain requests, judged, named, put in their place and recorded."""
