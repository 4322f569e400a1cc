package session

import (
	"errors"
	"strings"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// at gives an error of names or settings its place in the text.
func at(n syntax.Node, err error) error {
	if err == nil {
		return nil
	}
	var placed *syntax.Error
	if errors.As(err, &placed) {
		return err
	}
	placed = syntax.Errorf(n, "%s", err.Error())
	var name *catalog.Error
	if errors.As(err, &name) {
		placed.Msg, placed.Hint = name.Msg, name.Hint
	}
	return placed
}

// setStatement executes SET 'key' = 'value', and SET alone, which lists what was set.
func (s *Session) setStatement(n *syntax.Set) (*Result, error) {
	if n.Key == nil {
		var rows [][]any
		for _, e := range s.settings.All() {
			rows = append(rows, []any{e.Key, e.Text})
		}
		return rowsResult(Rows, textColumns("key", "value"), rows), nil
	}
	key, text := strings.TrimSpace(n.Key.Text), n.Value.Text
	changed := s.settings
	err := changed.Set(key, text, "")
	var unknown *setting.UnknownKeyError
	switch {
	case errors.As(err, &unknown) && unknown.Foreign:
		changed.Keep(key, strings.TrimSpace(text), "SET") // a key of the user's own
	case errors.As(err, &unknown):
		return nil, at(n.Key, err)
	case err != nil:
		return nil, at(n.Value, err)
	}
	s.settings = changed
	return done(nil)
}

// reset executes RESET 'key', and RESET alone, which takes all settings back to their defaults.
func (s *Session) reset(n *syntax.Reset) (*Result, error) {
	if n.Key == nil {
		s.settings = setting.New(setting.Engine)
		return done(nil)
	}
	s.settings.Reset(strings.TrimSpace(n.Key.Text))
	return done(nil)
}
