"""What a start reported → what it means, and the findings."""
