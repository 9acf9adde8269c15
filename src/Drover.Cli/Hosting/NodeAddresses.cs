using System.Net;
using System.Net.Sockets;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.NetQueue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Drover.Cli.Hosting;

/// <summary>Leaves addresses in the data folder, where programs on this machine find them, also when the system chose the port.</summary>
internal static class NodeAddresses
{
    public static string TellApi(DroverConfig config, WebApplication app)
    {
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal);
        Write(config, ClientTarget.AddressFile, address);
        return address;
    }

    public static string TellQueue(DroverConfig config, NetQueueServer queue)
    {
        var any = queue.Endpoint.Address;
        string host = any.Equals(IPAddress.Any) || any.Equals(IPAddress.IPv6Any) ? "127.0.0.1"
            : any.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{any}]" : any.ToString();
        string address = $"netqueue://{host}:{queue.Endpoint.Port}";
        Write(config, QueueAccess.AddressFile, $"{address}?fingerprint={queue.Fingerprint}");
        return address;
    }

    /// <summary>
    /// Starts the queue server. Where nobody chose its address, another program that has it is no reason not to start:
    /// only others cannot come over NetQueue then.
    /// </summary>
    public static async Task<bool> TryListenAsync(DroverConfig config, NetQueueServer queue, ILogger log)
    {
        try
        {
            await queue.StartAsync(CancellationToken.None);
            return true;
        }
        catch (IOException busy) when (config.SourceOf(Settings.NetQueueAddr) == SettingSource.Default)
        {
            log.NoQueueServer(config.Text(Settings.NetQueueAddr), busy.InnerException?.Message ?? busy.Message);
            return false;
        }
    }

    public static void Forget(DroverConfig config, NodeRoles roles)
    {
        if (roles.HasFlag(NodeRoles.Api))
            Delete(config, ClientTarget.AddressFile);
        if (roles.HasFlag(NodeRoles.Queue))
            Delete(config, QueueAccess.AddressFile);
    }

    private static void Delete(DroverConfig config, string name)
    {
        try
        {
            File.Delete(Path.Combine(config.DataFolder, name));
        }
        catch (Exception readOnly) when (readOnly is IOException or UnauthorizedAccessException)
        {
            // Then it could not be written either.
        }
    }

    private static void Write(DroverConfig config, string name, string address)
    {
        try
        {
            // Whole or not at all: whoever waits for the file must not read half of it.
            string file = Path.Combine(config.DataFolder, name);
            File.WriteAllText(file + ".new", address + "\n");
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception readOnly) when (readOnly is IOException or UnauthorizedAccessException)
        {
            // An API whose jobs are elsewhere needs no data folder of its own.
        }
    }
}
