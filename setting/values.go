package setting

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// Values is a set of options given by a user, by canonical key, each with the place it came from. It is
// a value: a copy is a snapshot of its own that later changes of the original do not touch, and reading
// needs no lock. The zero Values gives every option's default and knows no key to set.
type Values struct {
	known   *Registry
	entries map[string]entry // never changed once shared: every change replaces the map
}

type entry struct {
	option *Option // nil for a kept key
	text   string
	value  any // text, parsed by the option's type
	origin string
}

// Entry is one given option, as a listing shows it.
type Entry struct {
	Key    string  // canonical
	Text   string  // "******" if secret, unless from [Values.AllWithSecrets]
	Origin string  // "config.yaml:3", "-D", "SET", "environment (MILLSTREAM_S3_ENDPOINT)"
	Option *Option // nil for a key kept by [Values.Keep]
	Secret bool
}

// Masked stands for a secret's text wherever settings are shown.
const Masked = "******"

// New returns an empty set of values for the options in known.
func New(known *Registry) Values { return Values{known: known} }

// Set gives key, or the option of which it is an alias, a new text. Key and text are checked at once:
// the error is an [*UnknownKeyError] or a [*ValueError], and v is unchanged.
func (v *Values) Set(key, text, origin string) error {
	canonical, e, err := v.check(key, text, origin)
	if err != nil {
		return err
	}
	v.put(canonical, e)
	return nil
}

func (v *Values) check(key, text, origin string) (canonical string, e entry, err error) {
	if v.known == nil {
		return "", entry{}, &UnknownKeyError{Noun: "option", Key: key, Origin: origin}
	}
	key = strings.TrimSpace(key)
	o, canonical, ok := v.known.Lookup(key)
	if !ok {
		return "", entry{}, v.known.unknown(key, origin)
	}
	if o.Type != String || o.Check != nil {
		text = strings.TrimSpace(text)
	}
	value, err := o.parse(text)
	if err != nil {
		shown := text
		if o.Secret || looksSecret(canonical) {
			shown = Masked
		}
		return "", entry{}, &ValueError{Noun: v.known.noun, Key: canonical, Text: shown, Origin: origin, Reason: err.Error()}
	}
	return canonical, entry{option: o, text: text, value: value, origin: origin}, nil
}

func (v *Values) put(canonical string, e entry) {
	changed := make(map[string]entry, len(v.entries)+1)
	maps.Copy(changed, v.entries)
	changed[canonical] = e
	v.entries = changed
}

func (r *Registry) unknown(key, origin string) error {
	e := &UnknownKeyError{Noun: r.noun, Key: key, Origin: origin, Nearest: r.Nearest(key)}
	if e.Nearest == "" {
		e.Foreign = r.foreign(key)
		e.Valid = r.siblings(key, 16)
	}
	return e
}

// Keep stores a key that no option knows, unchecked and without effect but for listing it: Flink lets a
// session hold keys of the user's own. Use it only where [UnknownKeyError.Foreign] holds.
func (v *Values) Keep(key, text, origin string) {
	v.put(key, entry{text: text, value: text, origin: origin})
}

// Reset takes key's value, or that of the option of which it is an alias, back to the default. A key
// without a value is no error.
func (v *Values) Reset(key string) {
	if v.known != nil {
		if _, canonical, ok := v.known.Lookup(key); ok {
			key = canonical
		}
	}
	changed := maps.Clone(v.entries)
	delete(changed, key)
	v.entries = changed
}

// Clone returns v itself: assigning a Values already copies it. It makes the intent plain where a session begins.
func (v Values) Clone() Values { return v }

// Has reports whether o, or for a prefix any key below it, was given a value.
func (v Values) Has(o *Option) bool {
	if o.Prefix {
		for range v.Prefixed(o) {
			return true
		}
		return false
	}
	_, given := v.entries[o.Key]
	return given
}

// Origin returns where o's value was given: "config.yaml:3", "-D", …; empty if it has none.
func (v Values) Origin(o *Option) string { return v.entries[o.Key].origin }

// Text returns the value as it was given, else the default.
func (v Values) Text(o *Option) string {
	if e, given := v.entries[o.Key]; given {
		return e.text
	}
	return o.Default
}

// typed returns o's value, else its default, else the zero T. It panics if o is not of the type asked
// for, which is a mistake in the calling code: texts were checked when they entered.
func typed[T any](v Values, o *Option, want Type) T {
	if o.Type != want {
		panic("setting: option '" + o.Key + "' is of type " + o.Type.String() + ", not " + want.String())
	}
	if e, given := v.entries[o.Key]; given {
		return e.value.(T)
	}
	var zero T
	if o.Default == "" {
		return zero
	}
	value, err := o.parse(o.Default)
	if err != nil {
		panic("setting: option '" + o.Key + "' has a bad default: " + err.Error())
	}
	return value.(T)
}

// Bool returns the option's value.
func (v Values) Bool(o *Option) bool { return typed[bool](v, o, Bool) }

// Int returns the option's value, 0 if it has neither value nor default.
func (v Values) Int(o *Option) int { return typed[int](v, o, Int) }

// Double returns the option's value, 0 if it has neither value nor default.
func (v Values) Double(o *Option) float64 { return typed[float64](v, o, Double) }

// Duration returns the option's value, never negative; 0 if it has neither value nor default.
func (v Values) Duration(o *Option) time.Duration { return typed[time.Duration](v, o, Duration) }

// Memory returns the option's value in bytes, never negative; 0 if it has neither value nor default.
func (v Values) Memory(o *Option) int64 { return typed[int64](v, o, MemorySize) }

// Enum returns the option's value in the spelling of o.Values, "" if it has neither value nor default.
func (v Values) Enum(o *Option) string { return typed[string](v, o, Enum) }

// List returns the option's values; the caller must not change them.
func (v Values) List(o *Option) []string { return typed[[]string](v, o, List) }

// Map returns the option's pairs; the caller must not change them.
func (v Values) Map(o *Option) map[string]string { return typed[map[string]string](v, o, Map) }

// Prefixed yields what was given below the prefix option o, in key order: the key without the prefix,
// and the text.
func (v Values) Prefixed(o *Option) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, key := range slices.Sorted(maps.Keys(v.entries)) {
			if e := v.entries[key]; e.option != nil && e.option.Key == o.Key {
				if !yield(strings.TrimPrefix(key, o.Key), e.text) {
					return
				}
			}
		}
	}
}

// All returns everything given, in key order, secrets masked.
func (v Values) All() []Entry {
	all := v.AllWithSecrets()
	for i := range all {
		if all[i].Secret {
			all[i].Text = Masked
		}
	}
	return all
}

// AllWithSecrets returns everything given, in key order, as it was given. Never show it.
func (v Values) AllWithSecrets() []Entry {
	all := make([]Entry, 0, len(v.entries))
	for _, key := range slices.Sorted(maps.Keys(v.entries)) {
		e := v.entries[key]
		secret := looksSecret(key)
		if e.option != nil && !e.option.Prefix && !e.option.Ignored {
			secret = e.option.Secret
		}
		all = append(all, Entry{Key: key, Text: e.text, Origin: e.origin, Option: e.option, Secret: secret})
	}
	return all
}

// Ignored returns what was given for options that are accepted without having an effect, in key order,
// secrets masked.
func (v Values) Ignored() []Entry {
	return slices.DeleteFunc(v.All(), func(e Entry) bool { return e.Option == nil || !e.Option.Ignored })
}

// looksSecret judges keys that no option describes one by one, by the words that Flink goes by too.
func looksSecret(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"password", "secret", "token", "api-key", "apikey", "account.key",
		"service-key", "auth-params", "basic-auth", "jaas.config", "http-headers"},
		func(word string) bool { return strings.Contains(key, word) })
}

// Check reads given by options, as a WITH clause gives them: every key must be known and every value
// valid, and required options must be there. The error joins all that is wrong, in key order.
func Check(options []*Option, given map[string]string) (Values, error) {
	known := NewRegistry("option")
	for _, o := range options {
		known.Register(o)
	}
	v := New(known)
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(given)) {
		canonical, e, err := v.check(key, given[key], "")
		if _, twice := v.entries[canonical]; twice {
			err = &PlaceError{Place: "option '" + canonical + "'", Reason: "given twice, once as '" + key + "'"}
		}
		if err == nil {
			e.origin = "WITH"
			v.put(canonical, e)
		}
		wrong = append(wrong, err)
	}
	for _, o := range options {
		if o.Required && !v.Has(o) {
			wrong = append(wrong, &MissingError{Key: o.Key})
		}
	}
	return v, errors.Join(wrong...)
}
