using System.Text;
using Drover.Jobs;
using Drover.Workers;

namespace Drover.Shell;

/// <summary>The part that talks on the control line: sends, asks for signs of life, and climbs the ladder when the job must end.</summary>
public sealed partial class ShellRun
{
    private async Task SendAsync(IShellChannel channel, ShellPayload payload, CancellationToken cancel)
    {
        try
        {
            if (_work.Pty)
                await _lines.Ready.WaitAsync(cancel).ConfigureAwait(false);
            await channel.WriteAsync(payload.Bytes, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The channel's end tells why.
        }
    }

    /// <summary>On a terminal, stdin is typed and ends with Ctrl-D.</summary>
    private async Task TypeStdinAsync(IShellChannel channel)
    {
        try
        {
            await channel.WriteAsync(Encoding.UTF8.GetBytes((_work.Stdin ?? "") + "\u0004")).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    private static async Task<bool> TryControlAsync(IShellChannel channel, string line)
    {
        if (channel.Completion.IsCompleted)
            return false;
        try
        {
            await channel.WriteAsync(Line(line)).ConfigureAwait(false);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task WaitForStopAsync(CancellationToken over)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(over, _context.Stop);
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = both.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), fired);
        await fired.Task.ConfigureAwait(false);
    }

    /// <summary>A peer that went silent is asked; one that does not answer is given up, so that the job ends as lost and not never.</summary>
    private async Task WatchKeepaliveAsync(IShellChannel control, CancellationToken over)
    {
        TimeSpan interval = _transport.KeepaliveInterval;
        try
        {
            while (true)
            {
                await Task.Delay(interval, _time, over).ConfigureAwait(false);
                long before = Interlocked.Read(ref _lastActivity);
                if (_time.GetElapsedTime(before) < interval)
                    continue;
                _ = TryControlAsync(control, "P");
                await Task.Delay(_options.AnswerTimeout, _time, over).ConfigureAwait(false);
                if (Interlocked.Read(ref _lastActivity) == before)
                    control.Abort($"the server has not answered for {(_options.AnswerTimeout + interval).TotalSeconds:0} s");
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    /// <summary>Ends the job: TERM, grace, KILL on the control line; if that line gives no verdict, the same through another channel.</summary>
    private async Task<AttemptOutcome> EndAsync(IShellChannel channel, IShellChannel control, WrapperLines lines, string group, bool timedOut)
    {
        TimeSpan patience = _options.Grace + TimeSpan.FromSeconds(2) + _options.AnswerTimeout / 4;
        bool sent = await TryControlAsync(control, $"T {group}").WaitAsync(_options.AnswerTimeout, _time).ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default).ConfigureAwait(false);
        if (sent)
        {
            await Task.WhenAny(lines.Verdict, control.Completion, Task.Delay(patience, _time)).ConfigureAwait(false);
            // The job ended while the order was on its way: its watcher may be gone before it could answer.
            if (!lines.Verdict.IsCompleted && !control.Completion.IsCompleted && _lines.Exited.IsCompleted)
                await Task.WhenAny(lines.Verdict, Task.Delay(_options.Drain, _time)).ConfigureAwait(false);
        }

        string? doubt = lines.Verdict.IsCompletedSuccessfully
            ? Doubt(await lines.Verdict.ConfigureAwait(false))
            : await EndThroughSecondChannelAsync(group).ConfigureAwait(false);
        await Task.WhenAny(channel.Completion, Task.Delay(_options.Drain * 2, _time)).ConfigureAwait(false);
        int? exitCode = _lines.Exited.IsCompletedSuccessfully ? await _lines.Exited.ConfigureAwait(false) : null;
        if (!timedOut)
            return Stopped(doubt, exitCode);
        string limit = $"It ran longer than its timeout of {_context.Lease.Spec.Timeout.TotalSeconds:0.###} s and was ended.";
        return ShellOutcomes.Ended(OutcomeKind.TimedOut, FailureReasons.Timeout, limit, doubt, exitCode);
    }

    private AttemptOutcome Stopped(string? doubt, int? exitCode) => _context.StopReason == StopReason.Shutdown
        ? ShellOutcomes.Ended(OutcomeKind.Canceled, FailureReasons.Shutdown, "The worker was shut down while it ran.", doubt, exitCode)
        : ShellOutcomes.Ended(OutcomeKind.Canceled, FailureReasons.Canceled, "It was canceled.", doubt, exitCode);

    /// <summary>Answers what is in doubt; null when the job was seen to be gone.</summary>
    private async Task<string?> EndThroughSecondChannelAsync(string? group)
    {
        var guard = new GuardLines(_nonce, Heard);
        try
        {
            using var limit = new CancellationTokenSource(_options.AnswerTimeout, _time);
            IShellChannel channel = await _transport.StartAsync(GuardCommand(), guard, limit.Token).ConfigureAwait(false);
            await using (channel.ConfigureAwait(false))
            {
                await TryControlAsync(channel, $"T {group}").ConfigureAwait(false);
                await Task.WhenAny(guard.Lines.Verdict, channel.Completion, Task.Delay(_options.Grace + _options.AnswerTimeout, _time)).ConfigureAwait(false);
                await TryControlAsync(channel, "Q").ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is ShellStartException or OperationCanceledException)
        {
            return $"Whether it is gone could not be confirmed: the server could not be asked ({e.Message}).";
        }

        return guard.Lines.Verdict.IsCompletedSuccessfully
            ? Doubt(await guard.Lines.Verdict.ConfigureAwait(false))
            : "Whether it is gone could not be confirmed: neither its control line nor a second channel answered.";
    }

    private static string? Doubt(string survivors) => survivors.Length == 0
        ? null
        : $"These processes of it are still there after KILL (they may belong to another user): {survivors}.";

    private ShellCommand GuardCommand() => new(WrapperText.Guard, [_nonce, _cookie, GraceInTenths], Pty: false);

    /// <summary>Listens to a guard: its lines, and that it lives.</summary>
    private sealed class GuardLines(string nonce, Action heard) : IShellOutput
    {
        private readonly NonceFilter _filter = new(nonce);

        public WrapperLines Lines { get; } = new();

        public void Stdout(ReadOnlySpan<byte> bytes)
        {
        }

        public void Stderr(ReadOnlySpan<byte> bytes)
        {
            heard();
            _filter.Feed(bytes, static _ => { }, Lines.Take);
        }
    }
}
