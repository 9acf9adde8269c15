using Drover.Cli.Configuration;

namespace Drover.Cli.Client;

/// <summary>Where Drover is and how to sign in: what was given, else what the data folder on this machine says.</summary>
/// <param name="Url">The address, without a path.</param>
/// <param name="Token">The token; null for none.</param>
internal sealed record ClientTarget(Uri Url, string? Token)
{
    /// <summary>The file in the data folder in which a running Drover leaves its address.</summary>
    public const string AddressFile = "address";

    /// <summary>The file in the data folder with the admin token.</summary>
    public const string TokenFile = "admin-token";

    public static ClientTarget Find(string? url, string? token, DroverConfig config)
    {
        url ??= Environment.GetEnvironmentVariable("DROVER_URL") is { Length: > 0 } fromEnvironment ? fromEnvironment : null;
        token ??= Environment.GetEnvironmentVariable("DROVER_TOKEN") is { Length: > 0 } secret ? secret : null;
        bool local = url is null;
        url ??= Read(config.DataFolder, AddressFile) ?? $"http://{config.Text(Settings.ServerAddr)}";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new UsageException($"The address must look like http://127.0.0.1:8080, not '{url}'.");
        // The token of the data folder opens the Drover of that folder; it is not sent to any other address.
        if (local || address.IsLoopback)
            token ??= Read(config.DataFolder, TokenFile);
        return new(address, token);
    }

    private static string? Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file)).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
