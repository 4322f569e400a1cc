// Package setting holds named, typed, documented options and the values that users give them.
//
// What enters: configuration files, the environment, -D flags, SET statements and WITH clauses, all as
// text. What leaves: typed values, or an error that names the key, where it was given, the nearest known
// key and what would be valid. Every layer declares its options here, so that one list serves checking,
// documentation and the SQL shell. An option is declared once, in a package variable, and registered in
// a [Registry] (engine-wide ones in [Engine]) or listed in a connector's spec and read with [Check].
//
// What must hold: a key is checked together with its value when it enters, so nothing that reads a
// [Values] can meet a bad text; a later source wins over an earlier one; the text of a secret leaves
// only through [Values.Text], [Values.AllWithSecrets] and [Values.Environ], never through an error.
package setting

import "strings"

// Type says how an option's text is read.
type Type uint8

// The types, with the texts that they read.
const (
	String     Type = iota // any text, as it is
	Bool                   // true, false
	Int                    // decimal integer
	Double                 // floating-point number
	Duration               // Flink's forms: "1 s", "500ms", "2 min", "1 h", "PT1S"; a bare number is milliseconds
	MemorySize             // Flink's forms: "128mb", "1 gb", "64 kb"; a bare number is bytes
	Enum                   // one of Values, case-insensitive
	List                   // values separated by ';'
	Map                    // key:value pairs separated by ','
)

var typeNames = [...]string{"String", "Bool", "Int", "Double", "Duration", "MemorySize", "Enum", "List", "Map"}

// String returns the type's name as documentation shows it.
func (t Type) String() string { return typeNames[t] }

// Option describes one option.
type Option struct {
	Key      string
	Aliases  []string // older or other spellings that mean the same
	Type     Type
	Default  string   // as text; empty means unset
	Values   []string // for Enum
	Required bool     // for connector and format options
	Secret   bool     // masked wherever it is shown
	Prefix   bool     // Key ends in '.': any key below it is valid, such as "fields."
	Doc      string   // one or two sentences, with units

	// DefaultDoc replaces Default in documentation where Default depends on the machine ("number of cores").
	DefaultDoc string
	// Ignored marks an option of Flink's that is accepted, so that a whole Flink configuration loads, but
	// has no effect here. Its values are not checked; [Values.Ignored] reports which were given.
	Ignored bool
	// Check refuses texts that Type alone would let pass, such as a malformed URL; its error says what is
	// valid. Nil accepts all. It sees the text without surrounding blanks, never an empty one.
	Check func(text string) error
}

// Validate reports what is wrong with the declaration itself: no key or documentation, a default that
// its type refuses, an Enum without values, a Prefix that does not end in '.'. Registering checks it;
// tests of connector specs should.
func (o *Option) Validate() error {
	problem := ""
	switch {
	case o.Key == "" || strings.TrimSpace(o.Key) != o.Key:
		problem = "needs a key without blanks around it"
	case o.Doc == "":
		problem = "needs documentation"
	case int(o.Type) >= len(typeNames):
		problem = "has an unknown type"
	case (o.Type == Enum) != (len(o.Values) > 0):
		problem = "must have values exactly if its type is Enum"
	case o.Prefix != strings.HasSuffix(o.Key, "."):
		problem = "must end in '.' exactly if it is a prefix"
	case o.Prefix && o.Required:
		problem = "is a prefix and cannot be required"
	}
	for _, a := range o.Aliases {
		if o.Prefix != strings.HasSuffix(a, ".") {
			problem = "has the alias " + a + ", of which one is a prefix and the other is not"
		}
	}
	if problem != "" {
		return &DeclarationError{Key: o.Key, Problem: problem}
	}
	if o.Default != "" {
		if _, err := o.parse(o.Default); err != nil {
			return &DeclarationError{Key: o.Key, Problem: "has a bad default: " + err.Error()}
		}
	}
	return nil
}

// DeclarationError says what is wrong with an option's declaration: a mistake of the programmer, not of the user.
type DeclarationError struct{ Key, Problem string }

func (e *DeclarationError) Error() string { return "setting: option '" + e.Key + "' " + e.Problem }
