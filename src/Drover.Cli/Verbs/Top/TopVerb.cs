using System.CommandLine;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Top;

/// <summary><c>drover top</c>: queues, workers and jobs, live, on the whole screen.</summary>
internal static class TopVerb
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Make() => Verb.Make("top", "a live view of queues, workers and jobs", "drover top").Calls(async (_, call) =>
    {
        if (Console.IsOutputRedirected || Console.IsInputRedirected || call.Screen.Json || !Screen.WantsAnsi)
            throw new UsageException("top needs a terminal. For machines there are `drover queue list --json`, `drover worker list --json` and `drover job list --status running --json`.");
        var view = new TopView(call.Client.Url);
        await RefreshAsync(call, view);
        if (view.Away is { } away)
            throw away;
        using var terminal = new WholeScreen();
        await LoopAsync(call, view, terminal);
        return 0;
    });

    private static async Task LoopAsync(Call call, TopView view, WholeScreen terminal)
    {
        var woken = Channel.CreateBounded<ConsoleKeyInfo?>(16);
        using var end = new CancellationTokenSource();
        using var resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => woken.Writer.TryWrite(null));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context));
        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            end.Cancel();
        }

        // A reader of its own keeps the terminal from echoing keys between two looks.
        new Thread(() => ReadKeys(woken.Writer)) { IsBackground = true, Name = "keys" }.Start();
        try
        {
            long refreshed = TimeProvider.System.GetTimestamp();
            while (true)
            {
                terminal.Draw(view);
                if (await NextKeyAsync(woken.Reader, Interval - TimeProvider.System.GetElapsedTime(refreshed), end.Token) is { } key && !await TopKeys.PressAsync(call, view, key))
                    return;
                if (view.IsStale || TimeProvider.System.GetElapsedTime(refreshed) >= Interval)
                {
                    refreshed = TimeProvider.System.GetTimestamp();
                    await RefreshAsync(call, view);
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Ctrl-C is a way to leave.
        }
    }

    private static void ReadKeys(ChannelWriter<ConsoleKeyInfo?> keys)
    {
        try
        {
            while (true)
                keys.TryWrite(Console.ReadKey(intercept: true));
        }
        catch (InvalidOperationException)
        {
            // The terminal has gone.
        }
    }

    private static async Task<ConsoleKeyInfo?> NextKeyAsync(ChannelReader<ConsoleKeyInfo?> keys, TimeSpan wait, CancellationToken end)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(end);
        timer.CancelAfter(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        try
        {
            return await keys.ReadAsync(timer.Token);
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task RefreshAsync(Call call, TopView view)
    {
        try
        {
            var queues = call.Client.GetAsync<QueueListResponse>("queues", call.Cancel);
            var workers = call.Client.GetAsync<WorkerListResponse>("workers", call.Cancel);
            var counts = call.Client.GetAsync<JobCountsResponse>("jobs/counts", call.Cancel);
            var running = call.Client.GetAsync<JobListResponse>("jobs?status=running&sort=created_at&limit=200", call.Cancel);
            var waiting = call.Client.GetAsync<JobListResponse>("jobs?status=queued&status=retrying&status=scheduled&sort=priority&limit=50", call.Cancel);
            var ended = call.Client.GetAsync<JobListResponse>("jobs?status=completed&status=failed&status=canceled&sort=-finished_at&limit=30", call.Cancel);
            await Task.WhenAll(queues, workers, counts, running, waiting, ended);
            view.Show((await queues).Items, (await workers).Items, await counts, [.. (await running).Items, .. (await waiting).Items, .. (await ended).Items]);
            if (view.LogOf is { } job)
                view.Log = (await call.Client.GetAsync<LogPageResponse>($"jobs/{job}/logs?last=true&limit=200", call.Cancel)).Entries;
            view.Away = null;
        }
        catch (Exception failed) when (failed is ApiException or UnreachableException)
        {
            view.Away = failed;
        }
    }
}
