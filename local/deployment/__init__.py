"""Before and after `sam deploy`: would it fail, and does what it made work?"""
