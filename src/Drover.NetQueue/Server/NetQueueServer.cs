using System.Net;
using System.Security.Cryptography.X509Certificates;
using Drover.Brokers;
using Drover.NetQueue.Protocol;
using Drover.NetQueue.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue;

/// <summary>
/// Serves a broker to other processes: the binary protocol of <c>docs/netqueue.md</c> and a few HTTP pages, on one port.
/// It does not own the broker, which must be started before and stopped after it.
/// </summary>
public sealed class NetQueueServer : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    private readonly ServerContext _context;
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;
    private readonly bool _ownsCertificate;
    private ITimer? _sweep;
    private int _stopped;

    /// <exception cref="ArgumentException">The options let anybody in from outside, or a limit is out of range.</exception>
    public NetQueueServer(IBroker broker, NetQueueServerOptions options, TimeProvider time, ILoggerFactory logs, NetQueueCatalog? catalog = null)
    {
        options.Validate();
        _context = new(broker, options, time, logs, catalog);
        _ownsCertificate = options.Certificate is null;
        _certificate = options.Certificate ?? ServerCertificate.Load(options.CertificateFolder, time);
        Fingerprint = ServerCertificate.FingerprintOf(_certificate);
        _app = Build(logs);
    }

    /// <summary>The SHA-256 of the certificate, in hex, for clients to pin.</summary>
    public string Fingerprint { get; }

    /// <summary>Where it listens; the port that was taken once it has started.</summary>
    public IPEndPoint Endpoint { get; private set; } = new(IPAddress.None, 0);

    internal bool HasConnections => !_context.Open.IsEmpty;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        string address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Endpoint = new(_context.Options.Listen.Address, new Uri(address).Port);
        _sweep = _context.Time.CreateTimer(_ => Sweep(), null, SweepEvery, SweepEvery);
        Log.Listening(_context.Logger, Endpoint.ToString(), Fingerprint);
    }

    /// <summary>Tells the clients to come back later, lets requests under way end, and closes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
            return;
        if (_sweep is not null)
            await _sweep.DisposeAsync().ConfigureAwait(false);
        var open = _context.Open.Keys.ToList();
        foreach (var connection in open)
        {
            connection.SayGoingAway();
            connection.Close(ErrorCode.ShuttingDown, "The queue server is shutting down.");
        }

        await _context.Seats.CloseAsync().ConfigureAwait(false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_context.Options.StopTimeout);
        try
        {
            await Task.WhenAll(open.Select(connection => connection.FinishedAsync())).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What is left is cut off with the sockets.
        }

        await _app.StopAsync(limit.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        if (_ownsCertificate)
            _certificate.Dispose();
    }

    private WebApplication Build(ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = _context.Options.MaxConnections + 100L;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(_context.Options.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                PortSharing.Use(listen, _context, new HttpsConnectionAdapterOptions { ServerCertificate = _certificate, HandshakeTimeout = _context.Options.HelloTimeout });
            });
        });
        builder.WebHost.UseSockets(sockets => sockets.NoDelay = true);
        var app = builder.Build();
        app.Run(new HttpPages(_context).HandleAsync);
        return app;
    }

    private void Sweep()
    {
        long now = _context.Time.GetTimestamp();
        foreach (var connection in _context.Open.Keys)
            connection.CheckTimes(now);
    }
}
