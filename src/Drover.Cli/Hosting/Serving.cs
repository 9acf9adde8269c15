using System.Net.Sockets;
using System.Runtime.InteropServices;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;
using Drover.NetQueue;
using Drover.Server.Secrets;
using Drover.Sqlite;
using Drover.Storage;
using Microsoft.AspNetCore.Connections;

namespace Drover.Cli.Hosting;

/// <summary>Runs a node until a signal asks to stop, and says in one line why it cannot.</summary>
internal static class Serving
{
    /// <summary>The first signal drains, the second stops the jobs in hand, the third waits for nothing.</summary>
    public static async Task<int> RunAsync(DroverConfig config, NodeRoles roles, bool quiet)
    {
        using var stop = new CancellationTokenSource();
        DroverNode? node = null;
        int signals = 0;
        void OnSignal(PosixSignalContext context)
        {
            int count = Interlocked.Increment(ref signals);
            context.Cancel = count < 3;
            if (count == 1)
                stop.Cancel();
            else
                node?.StopNow();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var logs = Logging.MakeFactory(config);
        try
        {
            await using (node = await DroverNode.OpenAsync(config, roles, logs, stop.Token))
                return await ServeAsync(config, node, quiet, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception known) when (known is DatabaseInUseException or SchemaTooNewException or KeyRingMismatchException or NetQueueException)
        {
            return Verb.Fail(known.Message, ExitCodes.Other);
        }
        catch (Exception busy) when (busy is SocketException || (busy is IOException && busy.InnerException is SocketException or AddressInUseException))
        {
            return Verb.Fail($"Cannot listen on {Where(config, roles, busy)}: {ReasonOf(busy)}.", ExitCodes.Other);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return Verb.Fail($"The data folder {config.DataFolder} cannot be used: {refused.Message}", ExitCodes.Other);
        }
    }

    private static async Task<int> ServeAsync(DroverConfig config, DroverNode node, bool quiet, CancellationToken stop)
    {
        await node.StartAsync();
        if (!quiet)
            Greeting.Print(config, node);

        var fault = node.FaultAsync();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.UnsafeRegister(static done => ((TaskCompletionSource)done!).TrySetResult(), asked))
            await Task.WhenAny(asked.Task, fault);
        if (!quiet && !fault.IsCompleted)
            await Console.Error.WriteLineAsync("Draining: jobs in hand go on, new ones wait for the next start. Once more to stop them.");
        await node.StopAsync();
        return fault.IsCompletedSuccessfully && await fault is { } failure ? Verb.Fail($"The worker has failed: {failure.Message}", ExitCodes.Other) : 0;
    }

    private static string Where(DroverConfig config, NodeRoles roles, Exception busy)
    {
        // Kestrel names the address in its own message; of two only one is the trouble.
        bool queue = roles.HasFlag(NodeRoles.Queue) && (!roles.HasFlag(NodeRoles.Api) || busy.Message.Contains(config.Text(Settings.NetQueueAddr), StringComparison.Ordinal));
        return queue
            ? $"{config.Text(Settings.NetQueueAddr)} (choose another address with --netqueue-addr or NETQUEUE_ADDR)"
            : $"{config.Text(Settings.ServerAddr)} (choose another address with --server-addr or SERVER_ADDR)";
    }

    private static string ReasonOf(Exception busy) => (busy as SocketException ?? busy.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.AccessDenied => "this user may not (ports below 1024 are root's)",
        SocketError.AddressNotAvailable => "it is no address of this machine",
        _ => "it is in use by another program",
    };
}
