"""Tables made in DynamoDB and filled there, item by item, going on where it was cut short."""
