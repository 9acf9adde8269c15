namespace Drover.Shell;

/// <summary>
/// The shell text that runs on the server, in named parts; <c>docs/ssh-wrapper.md</c> explains each. POSIX sh only, and,
/// because a login shell of any kind (tcsh, fish) must hand it on unread: no single quote, no doubled
/// backslash, no line break once joined.
/// </summary>
internal static class WrapperText
{
    /// <summary>Runs a job; its arguments are nonce, cookie, grace in tenths of a second, remote deadline in seconds, script mode, stdin mode.</summary>
    public static readonly string Run = Join(Speak, "N=$1 M=$2 G=$3 T=$4 S=$5 I=$6 p= w= z= U=;", Signals, Control, Leftovers, Uploads, Prepare, RunJob);

    /// <summary>Runs a job on a terminal; the same arguments. Its control line is another channel with <see cref="Guard"/>.</summary>
    public static readonly string RunOnTerminal = Join("N=$1 M=$2 S=$5 I=$6 U=;", Terminal, Leftovers, Uploads, Prepare, RunTerminalJob);

    /// <summary>Ends a job from a channel of its own; its arguments are nonce, cookie, grace.</summary>
    public static readonly string Guard = Join(Speak, "N=$1 M=$2 G=$3 p= z=;", Signals, Control, "exec 8<&0 </dev/null; trap \"\" PIPE HUP; e P 0; c;");

    /// <summary>What the wrapper says goes to the true stderr, whole lines that begin with the nonce; its own mistakes go nowhere.</summary>
    private const string Speak = """
        exec 6>&2 2>/dev/null;
        e() { echo "$N $*" >&6; };
        """;

    /// <summary>
    /// l: list in L what lives of the job: its group and session, and whoever carries its cookie; in O those of them outside
    /// the group. Dead processes that nobody has collected yet do not count. Without /proc ps tells the group, and without
    /// that (procps reads /proc too) whether the group has anybody.
    /// s: send a signal to each of them, once. g: TERM, the grace, then k: KILL until nothing lives, at most ten times; the verdict is C.
    /// </summary>
    private const string Signals = """
        l() { L= O=;
        if [ -r /proc/self/stat ]; then
        for f in /proc/[0-9]*/stat; do t=; read -r t <$f || [ "$t" ] || continue; d=${t%% *}; t=${t##*) }; set -- $t;
        case $1 in Z|X) continue;; esac; if [ "$p" ]; then if [ "$3" = "$p" ]; then L="$L $d"; elif [ "$4" = "$p" ]; then L="$L $d" O="$O $d"; fi; fi; done;
        for f in $(grep -lsz "^DROVER_ID=$M" /proc/[0-9]*/environ); do f=${f%/environ}; d=${f#/proc/}; case "$L " in *" $d "*) ;; *) L="$L $d" O="$O $d";; esac; done;
        elif [ "$p" ]; then a=$(ps -A -o pid= -o pgid= -o stat=);
        if [ "$a" ]; then for d in $(echo "$a" | while read -r a b t; do case $t in Z*) ;; *) [ "$b" = "$p" ] && echo "$a";; esac; done); do L="$L $d"; done;
        elif kill -0 "-$p"; then L=" -$p"; fi;
        fi; };
        s() { [ "$p" ] && kill "-$1" "-$p"; for d in $O; do kill "-$1" "$d"; done; };
        z() { sleep 0.1 && i=$((i+1)) || { sleep 1; i=$((i+10)); }; };
        g() { i=0; l; [ "$L" ] && s TERM; while l; [ "$L" ] && [ $i -lt "$G" ]; do z; done; k; };
        k() { i=0; while l; [ "$L" ] && [ $i -lt 10 ]; do s KILL; z; done; e C $L; };
        """;

    /// <summary>c: the control line on descriptor 8. Every ladder is a process of its own, so that the end of the job
    /// does not stop it. A question for a sign of life also finds that the shell which tells the exit code is gone.</summary>
    private const string Control = """
        c() { while IFS=" " read -r a b <&8; do [ "$b" ] && p=$b;
        case $a in T) g & ;; K) k & ;; I) l; s INT;; P) if kill -0 $$; then e A; else break; fi;; Q) exit 0;; esac; done; [ "$z" ] && kill -KILL $z; g & };
        """;

    /// <summary>
    /// m: whether anything may be left, told without a look at every process of a busy server. Linux gives process ids out in turn, so what a job left has
    /// one between w, begun just before it, and v, begun now; wrappers, ours and others', carry a mark: /proc/version open as 5. Ids begin anew at the end, so
    /// after more than two seconds, or when they went round, nothing is known.
    /// y: tell what the job leaves behind, as pid:name, usually nothing; it is the last word. Looked for by its cookie, so that daemons are found too; twice, since
    /// what is just ending (the left side of a pipe) is no leftover. Where there is no /proc nobody is found.
    /// </summary>
    private const string Leftovers = """
        m() { : & v=$! c= i=$w; [ "$U" ] && [ "$v" -gt "$w" ] && [ $((v-w)) -lt 1000 ] && read -r t x </proc/uptime && [ $((${t%%.*}-U)) -le 2 ] || return 0;
        while [ $((i=i+1)) -lt "$v" ]; do [ -r /proc/$i/environ ] && ! [ /proc/$i/fd/5 -ef /proc/version ] && c="$c /proc/$i/environ"; done;
        [ "$c" ] && grep -qsz "^DROVER_ID=$M" $c; };
        y() { L= f=; m && for i in 1 2; do f=$(grep -lsz "^DROVER_ID=$M" /proc/[0-9]*/environ); [ "$f" ] || break; [ $i = 2 ] || sleep 0.2 || sleep 1; done;
        for f in $f; do f=${f%/environ}; t=; read -r t <$f/comm; t=${t:-?}; L="$L ${f#/proc/}:${t%% *}"; done; e L $L; };
        """;

    /// <summary>
    /// u NAME MODE: take what comes next on stdin and open it as descriptor 9 (script) or 7 (stdin), its file unlinked at
    /// once. MODE "l": it is one line of shell text that sets v; a number: so many bytes, for which room is made first, since
    /// what was taken from stdin cannot be taken again for another folder.
    /// </summary>
    private const string Uploads = """
        n=${IFS#??};
        b() { if [ "$1" -gt 65536 ] && dd if=/dev/null iflag=fullblock,count_bytes count=0; then dd bs=65536 iflag=fullblock,count_bytes count="$1"; else dd ibs=1 obs=65536 count="$1"; fi; };
        o() { for d in "${TMPDIR:-/tmp}" "$HOME" /dev/shm; do f=$d/.drover-$M-$1;
        if (umask 077; set -C; echo x >"$f"); then
        if [ "$2" = l ]; then printf %s "$v" >"$f" && return 0;
        elif dd if=/dev/zero of="$f" bs=4096 count=$(($2/4096+1)); then b "$2" >"$f"; [ "$(wc -c <"$f")" -eq "$2" ]; return $?; fi;
        fi; rm -f "$f"; done; return 1; };
        u() { if [ "$2" = l ]; then IFS= read -r v && eval "v=$v"; fi;
        o "$1" "$2" || { rm -f "$f"; e F no space or permission for a temporary file in "${TMPDIR:-/tmp}", "$HOME" or /dev/shm; exit 125; };
        if [ "$1" = s ]; then exec 9<"$f"; else exec 7<"$f"; fi; rm -f "$f"; v=;
        [ "$1" != s ] || [ -r /dev/fd/9 ] || { e F this server has no /dev/fd, which a script needs; exit 125; }; };
        """;

    /// <summary>Take the header (one line of shell text that sets the arguments), the script and the stdin.</summary>
    private const string Prepare = """
        IFS= read -r h || exit 125;
        if [ "$S" = - ]; then :; else u s "$S"; fi;
        if [ "$I" = - ]; then exec 7</dev/null; else u i "$I"; fi;
        """;

    /// <summary>
    /// The job in the foreground of this shell (a background job would have INT and QUIT ignored for good), in a session
    /// and group of its own; before it the process that reads the control line, and the deadline, in short sleeps: it is
    /// killed outright when the job ends, and what it leaves is gone in two seconds.
    /// </summary>
    private const string RunJob = """
        exec 8<&0 </dev/null; read -r U x </proc/uptime && U=${U%%.*}; [ ! "$U" ] || exec 5</proc/version;
        if command -v setsid >/dev/null; then j() { exec setsid "$@"; };
        elif command -v perl >/dev/null; then j() { exec perl -e "use POSIX; setsid(); exec {(@ARGV)[0]} @ARGV or exit(127)" -- "$@"; };
        else set -m; j() { exec "$@"; }; fi;
        if [ "$T" -gt 0 ]; then ( trap "" PIPE; exec 7<&- 8<&- 9<&- >/dev/null; i=0; while [ $i -lt "$T" ]; do sleep 2 6>&-; i=$((i+2)); done; e D; g & ) & z=$!; fi;
        ( trap "" PIPE HUP; exec 7<&- 9<&- >/dev/null; c ) & w=$!;
        ( exec 5<&- 8<&- 0<&7 7<&-; read -r p x </proc/self/stat || p=$(exec sh -c "echo \$PPID"); e P "$p"; exec 2>&6 6>&-;
        DROVER_ID=$M; export DROVER_ID; h="$h"; unset N M G T S I U w z x; eval "$h"; j "$@" ); r=$?;
        kill -KILL $w $z;
        e X $r; y; exit $r
        """;

    /// <summary>Make the terminal pass bytes through while the header and script come; tell when that is so.</summary>
    private const string Terminal = """
        exec 6>&1;
        e() { echo "$N $*" >&6; };
        t=$(stty -g 2>/dev/null) && stty raw -echo || { e F this server has no stty, which a job on a terminal needs; exit 125; };
        e R;
        """;

    /// <summary>The job in the foreground, on the terminal; this shell outlives a TERM to its session to tell the exit code.</summary>
    private const string RunTerminalJob = """
        stty "$t"; trap : TERM INT QUIT HUP; e P $$;
        ( exec 7<&- 6>&-; DROVER_ID=$M; export DROVER_ID; unset N M S I t; eval "$h"; exec "$@" ); r=$?;
        e X $r; y; exit $r
        """;

    private static string Join(params string[] parts)
    {
        string text = string.Join(' ', parts.SelectMany(part => part.Split('\n')).Select(line => line.Trim()).Where(line => line.Length > 0));
        if (text.AsSpan().IndexOfAny('\'', '\n') >= 0 || text.Contains(@"\\", StringComparison.Ordinal))
            throw new InvalidOperationException("The wrapper holds a character that some login shell would read.");
        return text;
    }
}
