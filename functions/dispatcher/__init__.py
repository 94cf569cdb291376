"""The dispatcher: claims tasks from lane queues, runs their functions, commits how they came out."""
