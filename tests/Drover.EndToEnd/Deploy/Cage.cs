using System.Diagnostics;
using System.Globalization;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;

namespace Drover.EndToEnd.Deploy;

/// <summary>
/// What a container gives a process, as far as this machine allows without one: the image's user, no rights, and every file system
/// read-only but for the folders it is given.
/// </summary>
internal sealed class Cage
{
    /// <summary>The image's user; here he has no name, as in a container whose image has none for him.</summary>
    public const int User = 1654;

    // What is bound before keeps its own mode when the rest becomes read-only. The paths are arguments, so that no shell takes them apart.
    private const string ReadOnly = """
        while [ "$1" != -- ]; do mount --bind "$1" "$1" || exit 1; shift; done; shift
        mount -o remount,bind,ro / || exit 1
        for d in /tmp /var /var/tmp /dev/shm /home /root /run; do mountpoint -q "$d" && { mount -o remount,bind,ro "$d" || exit 1; }; done
        exec "$@"
        """;

    private static readonly string[] Unprivileged =
        ["setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"];

    private readonly string _program;

    private Cage(string program, bool isUser, bool isReadOnly) => (_program, IsUser, IsReadOnly) = (program, isUser, isReadOnly);

    /// <summary>Whether processes run as <see cref="User"/>; only root can see to it.</summary>
    public bool IsUser { get; }

    /// <summary>Whether file systems are read-only; it needs the right to mount.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The strongest there is on this machine.</summary>
    /// <param name="program">A program that everybody may run.</param>
    /// <param name="folder">A folder for trying.</param>
    public static async Task<Cage> FindAsync(string program, string folder)
    {
        Cage[] cages = Environment.IsPrivilegedProcess ? [new(program, true, true), new(program, true, false)] : [];
        foreach (var cage in cages)
        {
            string writable = Directory.CreateDirectory(Path.Combine(folder, "trial")).FullName;
            await cage.GiveAsync(writable);
            await using var trial = new RunningProgram(cage.Start(writable, [writable], ["version"]));
            trial.Process.StandardInput.Close();
            if ((await trial.EndAsync()).Code == 0)
                return cage;
        }

        return new(program, false, false);
    }

    /// <summary>Makes a folder the process's own.</summary>
    public async Task GiveAsync(string folder)
    {
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (!IsUser)
            return;
        var (code, output) = await ShellHost.ToolAsync("chown", User.ToString(CultureInfo.InvariantCulture) + ":" + User.ToString(CultureInfo.InvariantCulture), folder);
        Assert.True(code == 0, output);
    }

    /// <summary>A start of the program within; each step replaces itself by the next, so that the process id is the program's.</summary>
    public ProcessStartInfo Start(string workingFolder, string[] writable, string[] args)
    {
        string[] words = IsUser ? [.. Unprivileged, _program, .. args] : [_program, .. args];
        if (IsReadOnly)
            words = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", ReadOnly, "sh", .. writable, "--", .. words];
        var start = DroverProgram.Start(workingFolder, words[1..]);
        start.FileName = words[0];
        return start;
    }
}
