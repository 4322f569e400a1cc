package datagen

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// fieldOptions are the options below 'fields.', of which those that some column took are noted.
type fieldOptions struct {
	values map[string]string
	used   map[string]bool
}

func (o *fieldOptions) text(name, key string) (string, bool) {
	k := path(name, key)
	t, ok := o.values[k]
	if ok {
		o.used[k] = true
	}
	return t, ok
}

func bad(name, key, text string, why string) error {
	return fmt.Errorf("option 'fields.%s' = '%s' is %s", path(name, key), text, why)
}

func parseInt(text string) (int64, error) { return strconv.ParseInt(strings.TrimSpace(text), 10, 64) }

// integer reads an option; low and high are the least and the greatest value that it may have.
func (o *fieldOptions) integer(name, key string, def, low, high int64) (int64, error) {
	text, ok := o.text(name, key)
	if !ok {
		return def, nil
	}
	n, err := parseInt(text)
	if err != nil || n < low || n > high {
		return 0, bad(name, key, text, fmt.Sprintf("not an integer from %d to %d", low, high))
	}
	return n, nil
}

func (o *fieldOptions) float(name, key string, def float64) (float64, error) {
	text, ok := o.text(name, key)
	if !ok {
		return def, nil
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || x-x != 0 {
		return 0, bad(name, key, text, "not a number")
	}
	return x, nil
}

func (o *fieldOptions) boolean(name, key string) (bool, error) {
	text, ok := o.text(name, key)
	if !ok {
		return false, nil
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, bad(name, key, text, "neither true nor false")
}

func (o *fieldOptions) duration(name, key string) (time.Duration, error) {
	text, ok := o.text(name, key)
	if !ok {
		return 0, nil
	}
	d, err := setting.ParseDuration(text)
	if err != nil {
		return 0, bad(name, key, text, err.Error())
	}
	return d, nil
}

// unused reports options that no column takes.
func (o *fieldOptions) unused(columns []column.Field) error {
	var errs []error
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	for _, key := range slices.Sorted(maps.Keys(o.values)) {
		if o.used[key] {
			continue
		}
		i := strings.LastIndexByte(key, '.')
		name, attribute := key[:max(i, 0)], key[i+1:]
		hint := ""
		if !slices.ContainsFunc(names, func(n string) bool { return name == n || strings.HasPrefix(name, n+".") }) {
			hint = "; the columns are '" + strings.Join(names, "', '") + "'"
			if near := objstore.Nearest(name, names); min(len(near), len(name)) > 2 {
				hint = "; did you mean 'fields." + path(near, attribute) + "'?"
			}
		} else if near := objstore.Nearest(attribute, attributes); near != "" && near != attribute {
			hint = "; did you mean 'fields." + path(name, near) + "'?"
		} else {
			hint = "; the column's type or kind takes no such option"
		}
		errs = append(errs, fmt.Errorf("unknown option 'fields.%s'%s", key, hint))
	}
	return errors.Join(errs...)
}

// attributes are what can be said of a column's values.
var attributes = []string{"kind", "start", "end", "min", "max", "length", "var-len", "max-past", "null-rate"}
