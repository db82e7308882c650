"""What the sample corpus is made of: words, forms, phrases and sentence patterns."""
