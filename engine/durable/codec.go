package durable

import "github.com/millstream/millstream/connector/savepoint"

// Codec writes and reads segments by the format for tables.
var Codec = savepoint.Codec
