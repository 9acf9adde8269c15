using System.Diagnostics;
using Drover.EndToEnd.Shell;
using Drover.Shell;

namespace Drover.EndToEnd.Local;

public sealed class WorkerDeathTests
{
    [Fact]
    public async Task A_job_ends_when_its_worker_is_killed()
    {
        string mark = "mark" + Guid.NewGuid().ToString("N");
        // A program that holds the wrapper's control line, as a worker does, and is then killed outright.
        ShellPayload payload = ShellPayload.Of(Jobs.JobKind.Script, new()
        {
            ServerId = "s",
            ServerName = "s",
            Script = $"export MARK={mark}; trap '' TERM; setsid sleep 301 & echo ready; while :; do sleep 1; done",
        });
        string file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, payload.Bytes.ToArray());
        var start = new ProcessStartInfo("/usr/bin/perl", ["-e", """
            my ($text, $file, @args) = @ARGV; open(my $in, '<', $file); local $/; my $bytes = <$in>;
            open(my $out, '|-', 'setsid', '/bin/sh', '-c', $text, 'drover', @args) or die; syswrite $out, $bytes; sleep 1000;
            """, WrapperText.Run, file, "nonce", mark + "c", "10", "0", payload.ScriptMode, payload.StdinMode])
        {
            RedirectStandardOutput = true,
        };
        using Process worker = Process.Start(start)!;
        Assert.Equal("ready", await worker.StandardOutput.ReadLineAsync());
        Assert.NotEmpty(ShellHost.Marked(mark));
        worker.Kill();
        await ShellHost.NothingLeftAsync(mark);
        File.Delete(file);
    }
}
