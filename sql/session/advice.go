package session

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/plan"
)

// adviser collects what EXPLAIN PLAN_ADVICE says: the same advice once, with the nodes that it is for marked by its number.
type adviser struct {
	batch    bool
	settings setting.Values
	texts    []string
}

// of returns the mark of a node that there is advice for.
func (a *adviser) of(n plan.Node) string {
	if a.batch {
		return ""
	}
	var marks []string
	if keepsState(n) && a.settings.Duration(setting.StateTTL) == 0 && a.settings.Int(setting.StateMaxKeys) == 0 {
		marks = append(marks, a.number(fmt.Sprintf("The state of a node that remembers rows grows with the number of keys: bound it by SET '%s' = '…', "+
			"how long a key that is not seen is kept, or '%s', how many keys are.", setting.StateTTL.Key, setting.StateMaxKeys.Key)))
	}
	if len(marks) == 0 {
		return ""
	}
	return ", advice=[" + strings.Join(marks, ", ") + "]"
}

// keepsState reports whether a node remembers rows or keys until they expire.
func keepsState(n plan.Node) bool {
	kind := n.Kind()
	for _, word := range []string{"Aggregate", "Join", "Distinct", "Rank", "Deduplicate"} {
		if strings.Contains(kind, word) && !strings.HasPrefix(kind, "Local") && !strings.HasPrefix(kind, "Window") && !strings.HasPrefix(kind, "Interval") {
			return true
		}
	}
	return false
}

// number returns the number of an advice, which is new if it was not given before.
func (a *adviser) number(text string) string {
	for i, t := range a.texts {
		if t == text {
			return fmt.Sprint(i + 1)
		}
	}
	a.texts = append(a.texts, text)
	return fmt.Sprint(len(a.texts))
}

// String lists the advice.
func (a *adviser) String() string {
	if len(a.texts) == 0 {
		return "No available advice.\n"
	}
	var b strings.Builder
	for i, t := range a.texts {
		fmt.Fprintf(&b, "advice[%d]: [ADVICE] %s\n", i+1, t)
	}
	return b.String()
}
