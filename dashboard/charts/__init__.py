"""Charts: figures and the component that keeps one in the page."""
