package session

import "github.com/millstream/millstream/column"

func field(name, typ string) column.Field {
	t := map[string]column.Type{"STRING": column.Str().Required(), "BIGINT": column.Of(column.BigInt).Required()}[typ]
	return column.Field{Name: name, Type: t}
}
