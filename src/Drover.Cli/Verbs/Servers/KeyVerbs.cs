using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;

namespace Drover.Cli.Verbs.Servers;

/// <summary><c>drover key …</c></summary>
internal static class KeyVerbs
{
    public static Command Make() => Verb.Make("key", "private keys for signing in to servers", "drover key list", Add(), List(), Remove(), Rotate());

    private static Command Add()
    {
        var file = new Argument<string>("FILE") { Description = "a private key file (OpenSSH, PEM or PKCS#8)" };
        var name = new Option<string?>("--name") { Description = "the name to store it under; else the file's", HelpName = "NAME" };
        return Verb.Make("add", "upload a private key; it is stored encrypted", "drover key add ~/.ssh/deploy.pem", name, file).Calls(async (parsed, call) =>
        {
            string path = parsed.GetRequiredValue(file);
            string text = await KeyFile.ReadAsync(path, call.Cancel);
            string stored = parsed.GetValue(name) ?? Path.GetFileName(path);
            return call.Screen.Answer(await call.Client.CreateAsync<KeyResponse>("upload/pem", () => Form(text, stored), call.Cancel), key => $"Stored {key.Filename}: {Describe(key)}");
        });
    }

    private static MultipartFormDataContent Form(string key, string name)
    {
        var part = new StringContent(key);
        part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        return new MultipartFormDataContent { { part, "file", name } };
    }

    private static Command List() => Verb.Make("list", "list the keys", "drover key list").Calls(async (_, call) =>
    {
        var keys = await call.Client.GetAsync<KeyListResponse>("files/pem", call.Cancel);
        if (call.Screen.Json)
        {
            Screen.PrintJson(keys);
            return 0;
        }

        if (keys.Items.Count == 0)
        {
            call.Screen.Note("No keys. Upload one: drover key add ~/.ssh/id_ed25519");
            return 0;
        }

        var table = new TextTable().Add("name", cutTo: 16).Add("key", cutTo: 20).Add("used by", cutTo: 10, dropRank: 1).Add("added", right: true, dropRank: 2);
        foreach (var key in keys.Items)
            table.Row(Words.Cell(key.Filename), Words.Cell(Describe(key)), Words.Cell(string.Join(", ", key.UsedBy)), Words.Ago(key.CreatedAt, Call.Now));
        call.Screen.Write(table);
        return 0;
    });

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { HelpName = "NAME", Description = "the key's name", CompletionSources = { Completion.Keys } };
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make("rm", "remove a key that no server uses", "drover key rm deploy.pem", yes, name).Calls(async (parsed, call) =>
        {
            string wanted = parsed.GetRequiredValue(name);
            var keys = (await call.Client.GetAsync<KeyListResponse>("files/pem", call.Cancel)).Items;
            var key = keys.FirstOrDefault(key => key.Filename == wanted)
                ?? throw new UsageException($"There is no key '{wanted}'.{Nearest.Hint(wanted, keys.Select(key => key.Filename))}");
            if (!call.Screen.Confirm($"Remove the key {key.Filename} for good?", parsed.GetValue(yes)))
                return ExitCodes.Other;
            await call.Client.DeleteAsync($"files/pem/{Uri.EscapeDataString(key.Filename)}", call.Cancel);
            return call.Screen.Answer(key, removed => $"Removed {removed.Filename}.");
        });
    }

    private static Command Rotate() => Verb.Make("rotate-master", "make a new master key and re-encrypt every stored secret with it", "drover key rotate-master").Calls(async (_, call) =>
        call.Screen.Answer(await call.Client.PostAsync<KeyRotationResponse>("system/secrets/rotate", call.Cancel),
            done => $"The master key is new; {Words.Count(done.Resealed, "record")} {(done.Resealed == 1 ? "was" : "were")} encrypted anew."));

    private static string Describe(KeyResponse key) =>
        key.Type is null ? "encrypted, wants its passphrase" : string.Join(' ', new[] { key.Type, key.Bits?.ToString(CultureInfo.InvariantCulture), key.Fingerprint, key.Encrypted ? "(encrypted)" : null }.OfType<string>());
}
