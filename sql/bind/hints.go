package bind

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// selectHints are those that may stand behind SELECT. All but STATE_TTL, STATE_MAX_KEYS, LOOKUP and MULTI_JOIN advise a batch join, and change nothing here.
var selectHints = []string{"STATE_TTL", "STATE_MAX_KEYS", "LOOKUP", "BROADCAST", "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP", "MULTI_JOIN", "NO_ALIAS"}

// advice is what the hints of a SELECT say.
type advice struct {
	keep   map[string]graph.Keep        // what state is kept of a table's rows
	lookup map[string]map[string]string // how a table is looked up
	multi  []string                     // tables of which one operator is to be made
}

// readHints reads the hints of a SELECT.
func readHints(list []syntax.Hint) (*advice, error) {
	a := &advice{keep: map[string]graph.Keep{}, lookup: map[string]map[string]string{}}
	for i := range list {
		h := &list[i]
		switch name := upper(h.Name.Name); {
		case !slices.Contains(selectHints, name):
			return nil, fail(&h.Name, suggest.Hint(name, selectHints, "there are"), "there is no hint %s", name)
		case name == "STATE_TTL":
			for j := range h.Args {
				arg := &h.Args[j]
				if arg.Key == nil {
					return nil, fail(arg, "write STATE_TTL('table' = '1 d')", "the hint STATE_TTL takes tables with durations")
				}
				d, err := setting.ParseDuration(hintText(arg.Value))
				if err != nil {
					return nil, syntax.Errorf(arg.Value, "the hint STATE_TTL takes a duration, such as '1 d': %s", err)
				}
				if d == 0 { // for ever, whatever the settings say
					d = -1
				}
				table := unqualified(hintText(arg.Key))
				keep := a.keep[table]
				keep.TTL = d
				a.keep[table] = keep
			}
		case name == "STATE_MAX_KEYS":
			for j := range h.Args {
				arg := &h.Args[j]
				if arg.Key == nil {
					return nil, fail(arg, "write STATE_MAX_KEYS('table' = '100000')", "the hint STATE_MAX_KEYS takes tables with numbers of keys")
				}
				n, err := strconv.ParseInt(hintText(arg.Value), 10, 32)
				if err != nil || n < 0 {
					return nil, fail(arg.Value, fmt.Sprintf("write a whole number of keys up to %d; '0' is all", math.MaxInt32),
						"the hint STATE_MAX_KEYS takes a number of keys, not '%s'", hintText(arg.Value))
				}
				if n == 0 { // all, whatever the settings say
					n = -1
				}
				table := unqualified(hintText(arg.Key))
				keep := a.keep[table]
				keep.MaxKeys = int(n)
				a.keep[table] = keep
			}
		case name == "MULTI_JOIN":
			if len(h.Args) < 2 {
				return nil, fail(h, "write MULTI_JOIN(a, b, c)", "the hint MULTI_JOIN takes the names of the tables to be joined at once")
			}
			for j := range h.Args {
				a.multi = append(a.multi, unqualified(hintText(h.Args[j].Value)))
			}
		case name == "LOOKUP":
			options := map[string]string{}
			for j := range h.Args {
				arg := &h.Args[j]
				if arg.Key == nil {
					return nil, fail(arg, "write LOOKUP('table' = 't', 'async' = 'true')", "the hint LOOKUP takes keys with values")
				}
				options[hintText(arg.Key)] = hintText(arg.Value)
			}
			if err := checkLookup(h, options); err != nil {
				return nil, err
			}
			a.lookup[options["table"]] = options
		}
	}
	return a, nil
}

// lookupHints are the keys of the hint LOOKUP.
var lookupHints = []string{"table", "async", "output-mode", "capacity", "timeout", "retry-predicate", "retry-strategy", "fixed-delay", "max-attempts", "shuffle"}

// checkLookup checks a LOOKUP hint: what says how to retry must be there altogether.
func checkLookup(h *syntax.Hint, options map[string]string) error {
	for _, key := range sortedKeys(options) {
		if !slices.Contains(lookupHints, key) {
			return fail(h, suggest.Hint(key, lookupHints, "keys are"), "the hint LOOKUP has no key '%s'", key)
		}
	}
	if options["table"] == "" {
		return fail(h, "add 'table' = 'name'", "the hint LOOKUP must name a table")
	}
	var given, missing []string
	for _, key := range []string{"retry-predicate", "retry-strategy", "fixed-delay", "max-attempts"} {
		if options[key] != "" {
			given = append(given, key)
		} else {
			missing = append(missing, key)
		}
	}
	if len(given) > 0 && len(missing) > 0 {
		return fail(h, "add "+strings.Join(missing, ", "), "the hint LOOKUP needs all keys of a retry or none")
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// checkHints checks that the tables that hints name are in FROM.
func checkHints(list []syntax.Hint, sc *scope) error {
	var known []string
	for _, r := range sc.relations {
		if name := r.name(); name != "" {
			known = append(known, name)
		}
	}
	check := func(at syntax.Node, hint, name string) error {
		name = unqualified(name)
		if slices.Contains(known, name) {
			return nil
		}
		return fail(at, suggest.Hint(name, known, "tables in FROM are"), "the hint %s names '%s', which is no table in FROM", hint, name)
	}
	for i := range list {
		h := &list[i]
		name := upper(h.Name.Name)
		for j := range h.Args {
			arg := &h.Args[j]
			var err error
			switch {
			case name == "STATE_TTL", name == "STATE_MAX_KEYS":
				err = check(arg.Key, name, hintText(arg.Key))
			case name == "LOOKUP" && hintText(arg.Key) == "table":
				err = check(arg.Value, name, hintText(arg.Value))
			case name != "LOOKUP" && arg.Key == nil:
				err = check(arg.Value, name, hintText(arg.Value))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unqualified is the last part of a table's name.
func unqualified(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// multiJoin reports whether the hints of the SELECT ask for one operator of the join of all relations of a scope.
func (b *binding) multiJoin(s *scope) bool {
	if b.advice == nil || len(b.advice.multi) == 0 {
		return false
	}
	return !slices.ContainsFunc(s.relations, func(r relation) bool { return !r.merged && !slices.Contains(b.advice.multi, r.name()) })
}

// keep is what a join keeps of the rows of a relation by the hints of the SELECT.
func (b *binding) keep(s *scope) graph.Keep {
	if b.advice == nil || len(s.relations) != 1 {
		return graph.Keep{}
	}
	return b.advice.keep[s.relations[0].name()]
}
