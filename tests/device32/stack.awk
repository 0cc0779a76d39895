# Worst stack of every function that nobody else calls, from GCC's -fcallgraph-info=su files.
# Prints "bytes function", deepest last. A callee outside the files (memcpy, arithmetic helpers)
# counts for nothing; recursion and dynamic frames are errors, for then there is no worst case.

function field(line, name,    at) {
    at = index(line, name ": \"")
    if (at == 0)
        return ""
    line = substr(line, at + length(name) + 3)
    return substr(line, 1, index(line, "\"") - 1)
}

/^node:/ {
    label = field($0, "label")
    if (match(label, /[0-9]+ bytes \((static|dynamic,bounded|dynamic)\)/)) {
        frame[field($0, "title")] = substr(label, RSTART) + 0
        if (label ~ /bytes \(dynamic\)/) {
            print "unbounded frame: " field($0, "title") > "/dev/stderr"
            bad = 1
        }
    }
}

/^edge:/ {
    from = field($0, "sourcename")
    to = field($0, "targetname")
    callees[from] = callees[from] SUBSEP to
    is_called[to] = 1
}

function deepest(name,    list, count, i, worst, depth) {
    if (name in memo)
        return memo[name]
    if (name in open) {
        print "recursion: " name > "/dev/stderr"
        bad = 1
        return 0
    }
    open[name] = 1
    count = split(callees[name], list, SUBSEP)
    for (i = 1; i <= count; i++) {
        if (!(list[i] in frame))
            continue
        depth = deepest(list[i])
        if (depth > worst)
            worst = depth
    }
    delete open[name]
    return memo[name] = frame[name] + worst
}

END {
    for (name in frame) {
        depth = deepest(name)
        if (!(name in is_called))
            print depth, name | "sort -n"
    }
    close("sort -n")
    exit bad
}
