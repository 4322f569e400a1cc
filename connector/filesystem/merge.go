package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/objstore"
)

// mergeAll makes visible files of bins of hidden ones.
func (s *sink) mergeAll(ctx context.Context, all [][]finished) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(s.compaction.parallel)
	for _, bin := range all {
		g.Go(func() error { return s.merge(gctx, bin) })
	}
	return g.Wait()
}

// merge makes a visible file of hidden ones, which are removed then. It may have been begun before, up to anywhere, or be done by another process right now: the visible file is
// there whole or not at all, and once it is, nothing is left to do but to remove the hidden ones.
func (s *sink) merge(ctx context.Context, bin []finished) error {
	key := compactedKey(bin)
	there, err := s.exists(ctx, key)
	if err != nil {
		return err
	}
	if !there {
		if err := s.make(ctx, key, bin); err != nil {
			// Another process that commits the same checkpoint may have been faster, and have removed what was to be read.
			if there, again := s.exists(ctx, key); again != nil || !there {
				return err
			}
		}
	}
	keys := make([]string, len(bin))
	for i, f := range bin {
		keys[i] = f.Key
	}
	return s.store.Delete(ctx, keys...)
}

func (s *sink) exists(ctx context.Context, key string) (bool, error) {
	_, err := s.store.Head(ctx, key)
	if objstore.KindOf(err) == objstore.NotFound {
		return false, nil
	}
	return err == nil, err
}

// make completes the uploads of a bin, under their hidden names, and writes the file that holds the rows of all of them.
func (s *sink) make(ctx context.Context, key string, bin []finished) error {
	if !strings.HasSuffix(key, s.extension()) {
		return fmt.Errorf("%s was written before the format or the compression of the table was changed, and is to be merged: change them back until it is, "+
			"or go on from a savepoint, which has no such files", s.store.URL(bin[0].Key))
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, f := range bin {
		g.Go(func() error {
			_, err := s.store.Commit(gctx, f.Pending, objstore.Condition{IfAbsent: true})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	to, err := s.store.Create(ctx, key)
	if err != nil {
		return err
	}
	discard := func(err error, abort func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limits.giveUp)
		defer cancel()
		return errors.Join(err, abort(ctx))
	}
	if s.config.format.NewEncoder != nil || len(bin) == 1 {
		err = s.concatenate(ctx, to, bin)
	} else {
		err = s.rewrite(ctx, to, bin)
	}
	if err != nil {
		return discard(err, to.Abort)
	}
	sealed, err := to.Seal(ctx)
	if err != nil {
		return discard(err, to.Abort)
	}
	if _, err := s.store.Commit(ctx, sealed, objstore.Condition{IfAbsent: true}); err != nil {
		return discard(err, func(ctx context.Context) error { return s.store.Abort(ctx, sealed) })
	}
	return nil
}

// concatenate writes the bytes of files one after the other. Records of texts end with their line, and the compressions are of frames, which may follow each other.
func (s *sink) concatenate(ctx context.Context, to io.Writer, bin []finished) error {
	for _, f := range bin {
		body, _, err := s.store.Get(ctx, f.Key, objstore.All)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, body)
		if err := errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	return nil
}

// rewrite writes the rows of files with an index to one.
func (s *sink) rewrite(ctx context.Context, to io.Writer, bin []finished) error {
	c := s.config.formatConfig()
	out, err := s.config.format.NewFile(to, c)
	if err != nil {
		return err
	}
	rows := column.NewBatch(c.Columns, 0)
	for _, f := range bin {
		if err := s.copyRows(ctx, out, f.Key, c, rows); err != nil {
			return fmt.Errorf("cannot merge %s: %w", s.store.URL(f.Key), err)
		}
	}
	return out.Close()
}

// copyRows writes the rows of a file. rows are a batch to use.
func (s *sink) copyRows(ctx context.Context, out format.FileWriter, key string, c format.Config, rows *column.Batch) error {
	info, err := s.store.Head(ctx, key)
	if err != nil {
		return err
	}
	file := format.File{Store: s.store, Info: info}
	pieces, err := s.config.format.SplitFile(ctx, file, c)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if err := copyPiece(ctx, s.config.format, out, file, piece, c, rows); err != nil {
			return err
		}
	}
	return nil
}

func copyPiece(ctx context.Context, spec *format.Spec, out format.FileWriter, file format.File, piece format.Piece, c format.Config, rows *column.Batch) (err error) {
	in, err := spec.OpenFile(ctx, file, piece, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for {
		rows.Reset()
		err := in.Next(ctx, rows)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := out.Write(rows); err != nil {
			return err
		}
	}
}
