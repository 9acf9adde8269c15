using System.Runtime.InteropServices;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs.Run;

/// <summary>
/// Follows jobs to their ends: stdout to stdout, stderr to stderr, byte for byte; with several servers each line begins
/// with its server's name and a table follows. Ctrl-C asks whether to cancel or to detach on a terminal, and cancels otherwise.
/// </summary>
internal sealed class Follower(Call call, IReadOnlyList<RunTarget> targets) : IDisposable
{
    private readonly CancellationTokenSource _leave = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
    private readonly LineOutput _output = new(targets.Count > 1 ? targets.Select(target => target.Server) : null);
    private int _interrupts;
    private bool _detached;

    public async Task<int> RunAsync()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnInterrupt);
        try
        {
            var ends = await Task.WhenAll(targets.Select(FollowAsync));
            return await FinishAsync(ends);
        }
        catch (OperationCanceledException) when (_leave.IsCancellationRequested)
        {
            await _output.FlushAsync();
            call.Screen.Note(_detached
                ? $"Detached; it goes on. drover job logs -f {targets[0].Id}"
                : $"Left without waiting for the end. drover job show {targets[0].Id}");
            return _detached ? 0 : ExitCodes.Canceled;
        }
    }

    public void Dispose()
    {
        _leave.Dispose();
        _output.Dispose();
    }

    private async Task<LogEndResponse> FollowAsync(RunTarget target, int index)
    {
        await foreach (var item in call.Client.FollowAsync(target.Id, 0, null, _leave.Token))
        {
            if (item.End is { } end)
                return end;
            await _output.WriteAsync(index, item.Entry!, call.Screen);
        }

        throw new ApiException(500, null);
    }

    private async Task<int> FinishAsync(LogEndResponse[] ends)
    {
        await _output.FlushAsync();
        if (call.Screen.Json)
        {
            foreach (var target in targets)
                Screen.PrintJsonLine(await call.Client.GetAsync<JobResponse>($"jobs/{target.Id}", call.Cancel));
            return ends.All(end => end.Status == JobStatus.Completed) ? 0 : ends.Select(CodeOf).First(code => code != 0);
        }

        if (targets.Count == 1)
        {
            // A process that ended with a code of its own has said what it had to say; anything else needs a word.
            if (ends[0] is { Status: not JobStatus.Completed, Error: { } error } && ends[0].Reason != FailureReasons.ExitCode)
                call.Screen.Error.MarkupLineInterpolated($"[red]drover: {error}[/]");
            return CodeOf(ends[0]);
        }

        Summarize(ends);
        return ends.All(end => end.Status == JobStatus.Completed) ? 0 : ends.Select(CodeOf).First(code => code != 0);
    }

    private void Summarize(LogEndResponse[] ends)
    {
        var table = Screen.Table("server", "status", "ended", "job", "why");
        for (int i = 0; i < ends.Length; i++)
        {
            var end = ends[i];
            string ended = end.ExitCode is { } code ? $"exit {code}" : end.Signal is { } signal ? $"signal {signal}" : end.Reason ?? "";
            string why = end.Status == JobStatus.Completed || end.Reason == FailureReasons.ExitCode ? "" : Words.Short(end.Error, 60);
            table.AddRow(Words.Cell(targets[i].Server), Words.Status(end.Status), Words.Cell(ended), targets[i].Id.ToString(), Words.Cell(why));
        }

        call.Screen.Error.WriteLine();
        call.Screen.Error.Write(table);
        int good = ends.Count(end => end.Status == JobStatus.Completed);
        call.Screen.Error.MarkupLine(good == ends.Length ? $"[green]All {good} completed.[/]" : $"[red]{ends.Length - good} of {ends.Length} did not complete.[/]");
    }

    private static int CodeOf(LogEndResponse end) => Words.ExitCode(end.Status, end.ExitCode, end.Signal, end.Reason);

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _interrupts) > 1)
            _leave.Cancel();
        else
            _ = Task.Run(() => InterruptAsync(ask: context.Signal == PosixSignal.SIGINT && Screen.IsInteractive));
    }

    private async Task InterruptAsync(bool ask)
    {
        try
        {
            string what = targets.Count == 1 ? "the job" : $"the {targets.Count} jobs";
            if (ask)
            {
                call.Screen.Error.Markup($"\nCancel {what}, detach and let it go on, or keep watching? [grey](c/d/K)[/] ");
                string answer = (await Console.In.ReadLineAsync(_leave.Token))?.Trim().ToLowerInvariant() ?? "c";
                if (answer is "d" or "detach")
                {
                    _detached = true;
                    await _leave.CancelAsync();
                    return;
                }

                if (answer is not ("c" or "cancel"))
                {
                    Interlocked.Exchange(ref _interrupts, 0);
                    return;
                }
            }

            call.Screen.Note($"Canceling {what}; press Ctrl-C again to leave without waiting.");
            var request = new JobActionRequest { Action = JobAction.Cancel, Ids = [.. targets.Select(target => target.Id)] };
            await call.Client.SendAsync<JobActionRequest, JobActionResponse>(HttpMethod.Post, "jobs/actions", request, _leave.Token);
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException or OperationCanceledException)
        {
            call.Screen.Error.MarkupLineInterpolated($"[red]drover: could not cancel: {failed.Message}[/]");
            await _leave.CancelAsync();
        }
    }
}
