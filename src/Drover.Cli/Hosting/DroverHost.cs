using System.Net.Sockets;
using System.Runtime.InteropServices;
using Drover.Brokers;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Verbs;
using Drover.Sqlite;
using Drover.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>All of Drover in one process: store, broker, worker and server, started and stopped in an order that loses nothing.</summary>
internal sealed class DroverHost : IAsyncDisposable
{
    /// <summary>Who may look into the data folder: it holds the admin token, sealed credentials and what jobs print.</summary>
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly DroverConfig _config;
    private readonly SqliteDatabase _database;
    private readonly WebApplication _app;
    private readonly Broker _broker;
    private readonly Worker _worker;

    private DroverHost(DroverConfig config, SqliteDatabase database, WebApplication app, ILoggerFactory logs)
    {
        (_config, _database, _app) = (config, database, app);
        _broker = app.Services.GetRequiredService<Broker>();
        _worker = Composition.MakeWorker(config, _broker, logs);
    }

    /// <summary>Runs until a signal asks to stop. The first drains, the second stops the jobs in hand, the third waits for nothing.</summary>
    public static async Task<int> RunAsync(DroverConfig config, bool quiet)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DroverHost? host = null;
        int signals = 0;
        void OnSignal(PosixSignalContext context)
        {
            int count = Interlocked.Increment(ref signals);
            context.Cancel = count < 3;
            if (count == 1)
                stop.TrySetResult();
            else
                host?._worker.StopNow();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var logs = Logging.MakeFactory(config);
        try
        {
            await using (host = await OpenAsync(config, logs))
                return await host.ServeAsync(stop.Task, quiet);
        }
        catch (Exception known) when (known is DatabaseInUseException or SchemaTooNewException)
        {
            return Verb.Fail(known.Message, ExitCodes.Other);
        }
        catch (Exception busy) when (busy is SocketException || (busy is IOException && busy.InnerException is SocketException or AddressInUseException))
        {
            return Verb.Fail($"Cannot listen on {config.Text(Settings.ServerAddr)}: {ReasonOf(busy)}. Choose another address with --server-addr or SERVER_ADDR.", ExitCodes.Other);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            return Verb.Fail($"The data folder {config.DataFolder} cannot be used: {refused.Message}", ExitCodes.Other);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _worker.Dispose();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }

    private static string ReasonOf(Exception busy) => (busy as SocketException ?? busy.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.AccessDenied => "this user may not (ports below 1024 are root's)",
        SocketError.AddressNotAvailable => "it is no address of this machine",
        _ => "it is in use by another program",
    };

    private static async Task<DroverHost> OpenAsync(DroverConfig config, ILoggerFactory logs)
    {
        Directory.CreateDirectory(config.DataFolder, OwnerOnly);
        var database = await SqliteDatabase.OpenAsync(config.Store, TimeProvider.System, logs);
        try
        {
            return new(config, database, await Composition.BuildAsync(config, database, logs), logs);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    private async Task<int> ServeAsync(Task stop, bool quiet)
    {
        await _broker.StartAsync();
        await _app.StartAsync();
        await _worker.StartAsync(CancellationToken.None);
        string address = await TellAddressAsync();
        if (!quiet)
            Greeting.Print(_config, address, _app.Services, _worker.Id);

        var worked = _worker.ExecuteTask!;
        await Task.WhenAny(stop, Faulted(worked));
        if (!quiet && !worked.IsFaulted)
            await Console.Error.WriteLineAsync("Draining: jobs in hand go on, new ones wait for the next start. Once more to stop them.");
        await StopAsync();
        if (worked.Exception?.InnerException is not { } fault)
            return 0;
        return Verb.Fail($"The worker has failed: {fault.Message}", ExitCodes.Other);
    }

    /// <summary>Ends when the work fails; a worker that was drained by a call is no reason to stop serving.</summary>
    private static async Task Faulted(Task work)
    {
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!work.IsFaulted)
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    /// <summary>Leaves the address in the data folder, where programs on this machine find it, also when the system chose the port.</summary>
    private async Task<string> TellAddressAsync()
    {
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal);
        // Whole or not at all: whoever waits for the file must not read half of it.
        string file = Path.Combine(_config.DataFolder, ClientTarget.AddressFile);
        await File.WriteAllTextAsync(file + ".new", address + "\n");
        File.Move(file + ".new", file, overwrite: true);
        return address;
    }

    private async Task StopAsync()
    {
        await _broker.DrainWorkerAsync(_worker.Id);
        // The API goes on answering while jobs in hand finish, so that whoever watches sees how they end.
        await _worker.StopAsync(CancellationToken.None);
        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
            await _app.StopAsync(soon.Token);
        await _broker.StopAsync();
        File.Delete(Path.Combine(_config.DataFolder, ClientTarget.AddressFile));
    }
}
