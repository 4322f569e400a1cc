package s3select

// accumulator is what an aggregate has seen: of a block at first, then of all blocks in their order.
type accumulator struct {
	count int64
	sum   value
	best  value // of MIN and MAX; its text belongs to the accumulator
}

// add takes the record that the evaluator stands at.
func (a *accumulator) add(e *evaluator, n *node) error {
	if len(n.args) == 0 {
		a.count++
		return nil
	}
	if n.op == opCount {
		v, err := e.eval(n.args[0])
		if err == nil && !v.isAbsent() {
			a.count++
		}
		return err
	}
	var v value
	var err error
	if n.op == opSum || n.op == opAvg {
		v, err = e.number(n.args[0])
	} else {
		v, err = e.comparable(n.args[0])
	}
	if err != nil || v.isAbsent() {
		return err
	}
	return a.take(e, n, 1, &v)
}

// take adds a value that stands for count values: their sum or the best of them.
func (a *accumulator) take(e *evaluator, n *node, count int64, v *value) error {
	first := a.count == 0
	a.count += count
	switch n.op {
	case opSum, opAvg:
		if first {
			a.sum = *v
			return nil
		}
		sum, problem := arithmetic(opAdd, &a.sum, v)
		if problem != nil {
			return problem
		}
		a.sum = sum
		return nil
	}
	better := first
	if !first {
		order, comparable := compare(v, &a.best)
		if !comparable {
			return e.fail(n, "IncorrectSqlFunctionArgumentType", "%s and %s have no order", describe(v), describe(&a.best))
		}
		better = order < 0 == (n.op == opMin) && order != 0
	}
	if better {
		memory := a.best.text[:0]
		a.best = *v
		a.best.text = append(memory, v.text...)
	}
	return nil
}

// merge adds what a later block has seen.
func (a *accumulator) merge(e *evaluator, n *node, other *accumulator) error {
	switch {
	case other.count == 0:
		return nil
	case n.op == opCount:
		a.count += other.count
		return nil
	case n.op == opSum || n.op == opAvg:
		return a.take(e, n, other.count, &other.sum)
	}
	return a.take(e, n, other.count, &other.best)
}

// result is NULL without values, except for COUNT.
func (a *accumulator) result(n *node) value {
	switch {
	case n.op == opCount:
		return intValue(a.count)
	case a.count == 0:
		return value{kind: kindNull}
	case n.op == opSum:
		return a.sum
	case n.op == opAvg:
		return floatValue(a.sum.asFloat() / float64(a.count))
	}
	return a.best
}

// comparable computes a value for MIN and MAX: a field of CSV is a number or a timestamp where it can be.
func (e *evaluator) comparable(n *node) (value, error) {
	v, err := e.eval(n)
	if err == nil && v.kind == kindRaw {
		if x, ok := parseNumber(v.text); ok {
			return x, nil
		}
		if t, ok := parseTime(v.text); ok {
			return t, nil
		}
	}
	if err == nil && v.kind == kindNode {
		return v, e.fail(n, "IncorrectSqlFunctionArgumentType", "%s has no order", describe(&v))
	}
	return v, err
}
