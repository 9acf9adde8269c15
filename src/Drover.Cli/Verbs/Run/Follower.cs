using System.Runtime.InteropServices;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Jobs;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Run;

/// <summary>
/// Follows jobs to their ends: stdout to stdout, stderr to stderr, byte for byte; with several servers each line begins
/// with its server's name and a table follows. Ctrl-C asks whether to cancel or to detach on a terminal, and cancels
/// otherwise; so does a reader of the output that leaves.
/// </summary>
internal sealed class Follower(Call call, IReadOnlyList<RunTarget> targets) : IDisposable
{
    private readonly CancellationTokenSource _leave = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel);
    private readonly LineOutput _output = new(call.Screen, targets);
    private int _interrupts;
    private int _ended;
    private bool _detached;
    private Exception? _cancelFailed;

    public async Task<int> RunAsync()
    {
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnInterrupt);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_leave.Token);
        var waiting = new Waiting(call, targets, _output, () => Volatile.Read(ref _ended)).RunAsync(over.Token);
        try
        {
            var ends = await Task.WhenAll(targets.Select(FollowAsync));
            await over.CancelAsync();
            await waiting;
            await _output.FlushAsync();
            return await FinishAsync(ends);
        }
        catch (BrokenPipeException)
        {
            // As with ssh, what nobody reads any more does not go on.
            try
            {
                await CancelAsync(CancellationToken.None);
            }
            catch (Exception failed) when (failed is ApiException or UnreachableException)
            {
                call.Screen.Complain($"It could not be canceled and may go on: {failed.Message}");
            }

            throw;
        }
        catch (OperationCanceledException) when (_leave.IsCancellationRequested)
        {
            await over.CancelAsync();
            await _output.FlushAsync();
            return Leave();
        }
    }

    public void Dispose()
    {
        _leave.Dispose();
        _output.Dispose();
    }

    private async Task<LogEndResponse> FollowAsync(RunTarget target, int index)
    {
        var log = new JobLog(call.Client, target.Id) { IsKnown = true, Lost = call.Screen.Note };
        await foreach (var item in log.FollowAsync(_leave.Token))
        {
            if (item.End is { } end)
            {
                Interlocked.Increment(ref _ended);
                return end;
            }

            await _output.WriteAsync(index, item.Entry!, _leave.Token);
        }

        throw new InvalidOperationException("A log ends with its end.");
    }

    private async Task<int> FinishAsync(LogEndResponse[] ends)
    {
        int code = ends.Select(end => Words.ExitCode(end.Status, end.ExitCode, end.Signal, end.Reason)).FirstOrDefault(code => code != 0);
        if (call.Screen.Json)
        {
            foreach (var target in targets)
                Screen.PrintJsonLine(await call.Client.GetAsync<JobResponse>($"jobs/{target.Id}", call.Cancel));
        }
        else if (targets.Count > 1)
        {
            Summarize(ends);
        }
        else if (ends[0] is { Status: not JobStatus.Completed, Reason: not FailureReasons.ExitCode, Error: { } error })
        {
            // A process that ended with a code of its own has said what it had to say; anything else needs a word.
            call.Screen.Complain(error);
        }

        return code;
    }

    private void Summarize(LogEndResponse[] ends)
    {
        var table = new TextTable().Add("server").Add("status").Add("job").Add("why", cutTo: 20, dropRank: 1);
        for (int i = 0; i < ends.Length; i++)
        {
            var end = ends[i];
            string why = Words.Ending(end.Status, end.ExitCode, end.Signal, end.Reason);
            bool told = end.Status is JobStatus.Completed or JobStatus.Canceled || end.Reason == FailureReasons.ExitCode;
            table.Row(Words.Cell(targets[i].Server), Words.Status(end.Status) + (why.Length > 0 ? $", {Words.Cell(why)}" : ""),
                targets[i].Id.ToString(), told ? "" : Words.Cell(Words.Short(end.Error, 200)));
        }

        call.Screen.Error.Write(new Spectre.Console.Text("\n"));
        call.Screen.Error.Write(table);
        int good = ends.Count(end => end.Status == JobStatus.Completed);
        call.Screen.Error.Write(new Spectre.Console.Markup(good == ends.Length
            ? $"[green]All {good} completed.[/]\n" : $"[red]{ends.Length - good} of {ends.Length} did not complete.[/]\n"));
    }

    private int Leave()
    {
        string id = targets[0].Id.ToString();
        if (_detached)
        {
            call.Screen.Note($"Detached; {(targets.Count == 1 ? "it goes" : "they go")} on. To watch again: drover job logs -f {id}");
            return 0;
        }

        if (_cancelFailed is { } failed)
            call.Screen.Complain($"It could not be canceled and may go on: {failed.Message}");
        else
            call.Screen.Note($"Left without waiting for the end. How it went: drover job show {id}");
        return ExitCodes.Canceled;
    }

    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _interrupts) > 1)
            _leave.Cancel();
        else
            _ = Task.Run(() => InterruptAsync(ask: context.Signal == PosixSignal.SIGINT && Screen.IsInteractive && !call.Screen.Json));
    }

    private async Task InterruptAsync(bool ask)
    {
        try
        {
            if (ask && await AskAsync() is not 'c' and var answer)
            {
                _detached = answer == 'd';
                if (_detached)
                    await _leave.CancelAsync();
                else
                    Interlocked.Exchange(ref _interrupts, 0);
                return;
            }

            call.Screen.Note($"Canceling {(targets.Count == 1 ? "the job" : $"the {targets.Count} jobs")}. Ctrl-C again leaves without waiting.");
            await CancelAsync(_leave.Token);
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException)
        {
            _cancelFailed = failed;
            await _leave.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // Left meanwhile.
        }
    }

    private async Task<char> AskAsync()
    {
        using var held = await _output.HoldAsync(_leave.Token);
        string what = targets.Count == 1 ? "the job" : $"all {targets.Count} jobs";
        call.Screen.Error.Write(new Spectre.Console.Markup($"\n[yellow]Interrupted:[/] [[[bold]c[/]]]ancel {what}, [[[bold]d[/]]]etach and let it go on, or [[[bold]k[/]]]eep watching? "));
        char key = char.ToLowerInvariant(await Task.Run(() => Console.ReadKey(intercept: true).KeyChar));
        call.Screen.Error.Write(new Spectre.Console.Text(key switch { 'c' => "cancel\n", 'd' => "detach\n", _ => "keep watching\n" }));
        return key;
    }

    private Task<JobActionResponse> CancelAsync(CancellationToken cancel) => call.Client.SendAsync<JobActionRequest, JobActionResponse>(
        HttpMethod.Post, "jobs/actions", new JobActionRequest { Action = JobAction.Cancel, Ids = [.. targets.Select(target => target.Id)] }, cancel);
}
