using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Drover.Jobs;
using Drover.Output;
using ExecutionContext = Drover.Workers.ExecutionContext;

namespace Drover.Shell;

/// <summary>
/// One run of a command or script through the wrapper, over whatever transport: starts it, passes its output on, tells
/// how it ended, and ends it when it should. <c>docs/ssh-wrapper.md</c> describes both sides.
/// </summary>
public sealed partial class ShellRun : IShellOutput
{
    private readonly IShellTransport _transport;
    private readonly ExecutionContext _context;
    private readonly ShellRunOptions _options;
    private readonly TimeProvider _time;
    private readonly ShellWork _work;
    private readonly string _nonce = NewToken();
    private readonly string _cookie = NewToken();
    private readonly WrapperLines _lines = new();
    private readonly NonceFilter _filter;
    private long _lastActivity;
    private long? _started;
    private volatile bool _deaf;

    private ShellRun(IShellTransport transport, ExecutionContext context, ShellRunOptions options)
    {
        (_transport, _context, _options, _time) = (transport, context, options, context.Time);
        _work = context.Lease.Spec.Shell ?? throw new ArgumentException("The job is neither a command nor a script.", nameof(context));
        _filter = new(_nonce);
    }

    /// <summary>Runs the attempt to its end; throws for nothing that the job or the server does.</summary>
    /// <param name="transport">Where it runs.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="options">How it is ended.</param>
    public static ValueTask<AttemptOutcome> RunAsync(IShellTransport transport, ExecutionContext context, ShellRunOptions options) =>
        new ShellRun(transport, context, options).RunAsync();

    private async ValueTask<AttemptOutcome> RunAsync()
    {
        long begin = _time.GetTimestamp();
        IShellChannel? channel = null, guard = null;
        try
        {
            ShellPayload payload = ShellPayload.Of(_context.Lease.Spec.Kind, _work);
            _context.Stop.ThrowIfCancellationRequested();
            var guardLines = new GuardLines(_nonce, Heard);
            if (_work.Pty)
                guard = await _transport.StartAsync(GuardCommand(), guardLines, _context.Stop).ConfigureAwait(false);
            channel = await _transport.StartAsync(Command(payload), this, _context.Stop).ConfigureAwait(false);
            _lastActivity = _time.GetTimestamp();
            AttemptOutcome outcome = await DriveAsync(channel, guard, guardLines, payload).ConfigureAwait(false);
            return outcome with { ConnectTime = _started is { } at ? _time.GetElapsedTime(begin, at) : null };
        }
        catch (FormatException e)
        {
            return AttemptOutcome.Failure(FailureReasons.PrepareFailed, e.Message, neverRetry: true);
        }
        catch (ShellStartException e)
        {
            return AttemptOutcome.Failure(e.Reason, e.Message, e.NeverRetry);
        }
        catch (OperationCanceledException) when (_context.Stop.IsCancellationRequested)
        {
            return Stopped(doubt: null, exitCode: null);
        }
        finally
        {
            _deaf = true;
            if (channel is not null)
                await channel.DisposeAsync().ConfigureAwait(false);
            if (guard is not null)
                await guard.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<AttemptOutcome> DriveAsync(IShellChannel channel, IShellChannel? guard, GuardLines guardLines, ShellPayload payload)
    {
        IShellChannel control = guard ?? channel;
        WrapperLines controlLines = guard is null ? _lines : guardLines.Lines;
        using var over = new CancellationTokenSource();
        Task sending = SendAsync(channel, payload, over.Token);
        Task stop = WaitForStopAsync(over.Token);
        try
        {
            var startLimit = _options.StartTimeout + TimeSpan.FromSeconds(payload.Bytes.Length / 50_000.0);
            Task limit = Task.Delay(startLimit, _time, over.Token);
            Task first = await Task.WhenAny(_lines.Started, _lines.Failed, channel.Completion, stop, limit).ConfigureAwait(false);
            if (!_lines.Started.IsCompletedSuccessfully)
                return await NotStartedAsync(channel, first == stop, first == limit).ConfigureAwait(false);

            _started = _time.GetTimestamp();
            string group = await _lines.Started.ConfigureAwait(false);
            await TryControlAsync(control, $"G {group}").ConfigureAwait(false);
            if (_work.Pty)
                await TypeStdinAsync(channel).ConfigureAwait(false);
            _ = WatchKeepaliveAsync(control, over.Token);

            TimeSpan timeout = _context.Lease.Spec.Timeout;
            Task deadline = timeout > TimeSpan.Zero ? Task.Delay(timeout, _time, over.Token) : Task.Delay(Timeout.InfiniteTimeSpan, _time, over.Token);
            Task ended = await Task.WhenAny(_lines.Exited, channel.Completion, stop, deadline).ConfigureAwait(false);
            if (_lines.DeadlineStruck)
                ended = deadline;
            if (ended == stop || ended == deadline)
                return await EndAsync(channel, control, controlLines, group, timedOut: ended == deadline).ConfigureAwait(false);
            return await EndedByItselfAsync(channel, group).ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            if (guard is not null)
                await TryControlAsync(guard, "Q").ConfigureAwait(false);
        }
    }

    /// <summary>The job has told its exit code, or its channel has ended.</summary>
    private async Task<AttemptOutcome> EndedByItselfAsync(IShellChannel channel, string group)
    {
        bool complete = await DrainAsync(channel).ConfigureAwait(false);
        if (_lines.Exited.IsCompletedSuccessfully)
        {
            if (!complete)
                _context.Output.Note("A background process still holds the output; what it prints from here on is not shown.");
            if (_lines.LeftBehind is { IsCompletedSuccessfully: true, Result: { Length: > 0 } left })
                _context.Output.Note($"Left running in the background: {LeftoversOf(left)}.");
            return ShellOutcomes.Exited(await _lines.Exited.ConfigureAwait(false));
        }

        ShellEnd end = await channel.Completion.ConfigureAwait(false);
        if (end.LostBecause is { } why)
            return AttemptOutcome.Failure(FailureReasons.ConnectionLost, $"The connection was lost while the job ran ({why}). Whether it went on is not known; the server ends it as soon as it notices.");
        string? doubt = await EndThroughSecondChannelAsync(group).ConfigureAwait(false);
        return AttemptOutcome.Failure(
            FailureReasons.Signal,
            $"The shell that watched over the job was ended from outside ({(end.Signal is null ? $"exit code {end.ExitCode}" : $"signal {end.Signal}")}); {doubt ?? "what was left of the job was ended too."}");
    }

    private async Task<AttemptOutcome> NotStartedAsync(IShellChannel channel, bool stopped, bool late)
    {
        if (_lines.Failed.IsCompletedSuccessfully)
            return AttemptOutcome.Failure(FailureReasons.PrepareFailed, $"The server could not prepare the run: {await _lines.Failed.ConfigureAwait(false)}.");
        if (stopped)
        {
            // The wrapper waits for input that now never comes; whether the job had just begun is asked on another channel.
            await channel.DisposeAsync().ConfigureAwait(false);
            return Stopped(await EndThroughSecondChannelAsync(group: null).ConfigureAwait(false), exitCode: null);
        }

        if (late)
        {
            channel.Abort("the server did not start the job in time");
            return AttemptOutcome.Failure(FailureReasons.ConnectionLost, "The server took the connection but did not start the job in time.");
        }

        ShellEnd end = await channel.Completion.ConfigureAwait(false);
        return end.LostBecause is { } why
            ? AttemptOutcome.Failure(FailureReasons.ConnectionLost, $"The connection was lost before the job started ({why}).")
            : AttemptOutcome.Failure(FailureReasons.PrepareFailed, $"The server ended the run before it began (exit code {end.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}): the account may be limited to certain commands, or has no usable shell. Its output may tell more.");
    }

    /// <summary>
    /// Reads on after the exit until the output ends or, somebody holding it open, stays silent or goes on for too long;
    /// false in that case. On a busy server the end comes late: where nobody is known to be left it has more time.
    /// </summary>
    private async Task<bool> DrainAsync(IShellChannel channel)
    {
        await Task.WhenAny(channel.Completion, _lines.LeftBehind, Task.Delay(_options.AnswerTimeout, _time)).ConfigureAwait(false);
        long begin = _time.GetTimestamp();
        bool held = _lines.LeftBehind is { IsCompletedSuccessfully: true, Result.Length: > 0 };
        (TimeSpan silence, TimeSpan limit) = held ? (_options.Drain, _options.Overhang) : (_options.LateEnd, _options.LateEnd * 20);
        while (!channel.Completion.IsCompleted)
        {
            long heard = Math.Max(begin, Interlocked.Read(ref _lastActivity));
            if (_time.GetElapsedTime(heard) >= silence || _time.GetElapsedTime(begin) >= limit)
                return false;
            await Task.WhenAny(channel.Completion, Task.Delay(silence / 4, _time)).ConfigureAwait(false);
        }

        return true;
    }

    private ShellCommand Command(ShellPayload payload)
    {
        TimeSpan timeout = _context.Lease.Spec.Timeout;
        // Ours strikes first; the remote one is for the day when we cannot be heard.
        long deadline = timeout > TimeSpan.Zero ? (long)Math.Ceiling((timeout + _options.Grace).TotalSeconds) + 5 : 0;
        string[] args = [_nonce, _cookie, GraceInTenths, deadline.ToString(CultureInfo.InvariantCulture), payload.ScriptMode, payload.StdinMode];
        return new(_work.Pty ? WrapperText.RunOnTerminal : WrapperText.Run, args, _work.Pty);
    }

    private string GraceInTenths => Math.Max(1, (long)(_options.Grace.TotalSeconds * 10)).ToString(CultureInfo.InvariantCulture);

    void IShellOutput.Stdout(ReadOnlySpan<byte> bytes)
    {
        Heard();
        if (_work.Pty)
            _filter.Feed(bytes, PassStdout, _lines.Take);
        else
            PassStdout(bytes);
    }

    void IShellOutput.Stderr(ReadOnlySpan<byte> bytes)
    {
        Heard();
        _filter.Feed(bytes, PassStderr, _lines.Take);
    }

    private void Heard() => Interlocked.Exchange(ref _lastActivity, _time.GetTimestamp());

    private void PassStdout(ReadOnlySpan<byte> bytes)
    {
        if (!_deaf)
            _context.Output.Write(OutputStream.Stdout, bytes);
    }

    private void PassStderr(ReadOnlySpan<byte> bytes)
    {
        if (!_deaf)
            _context.Output.Write(OutputStream.Stderr, bytes);
    }

    /// <summary><c>17:sleep 18:sh</c> as people read it, at most ten of them.</summary>
    private static string LeftoversOf(string told)
    {
        string[] all = told.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string named = string.Join(", ", all.Take(10).Select(each => each.Split(':') is [var pid, var name] ? $"{name} (pid {pid})" : each));
        return all.Length <= 10 ? named : $"{named} and {all.Length - 10} more";
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private static ReadOnlyMemory<byte> Line(string text) => Encoding.ASCII.GetBytes(text + "\n");
}
