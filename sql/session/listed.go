package session

import (
	"strings"

	"github.com/millstream/millstream/sql/bind"
)

// listedName spells a function's name as SHOW FUNCTIONS of Flink does, as far as a query can call it so: functions that Flink has had from
// its beginning are in lower case, later ones in upper case.
func listedName(name string) string {
	if bind.IsClassic(name) {
		return strings.ToLower(name)
	}
	return name
}
