using System.CommandLine;
using System.Globalization;
using System.Net.Http.Headers;
using Drover.Cli.Terminal;
using Drover.Server.Contracts;
using Spectre.Console;

namespace Drover.Cli.Verbs;

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
            var part = new StringContent(await KeyFile.ReadAsync(path, call.Cancel));
            part.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            using var form = new MultipartFormDataContent { { part, "file", parsed.GetValue(name) ?? Path.GetFileName(path) } };
            var key = await call.Client.SendAsync<KeyResponse>(new(HttpMethod.Post, "upload/pem") { Content = form }, call.Cancel);
            if (call.Screen.Json)
                Screen.PrintJson(key);
            else
                call.Screen.Line($"Stored {key.Filename}: {Describe(key)}");
            return 0;
        });
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

        var table = Screen.Table("name", "key", "used by", "added");
        foreach (var key in keys.Items)
            table.AddRow(Words.Cell(key.Filename), Words.Cell(Describe(key)), Words.Cell(string.Join(", ", key.UsedBy)), Words.Ago(key.CreatedAt, Call.Now));
        call.Screen.Out.Write(table);
        return 0;
    });

    private static Command Remove()
    {
        var name = new Argument<string>("NAME") { Description = "the key's name" };
        var yes = new Option<bool>("--yes", "-y") { Description = "do not ask" };
        return Verb.Make("rm", "remove a key that no server uses", "drover key rm deploy.pem", yes, name).Calls(async (parsed, call) =>
        {
            string key = parsed.GetRequiredValue(name);
            if (!call.Screen.Confirm($"Remove the key {key} for good?", parsed.GetValue(yes)))
                return ExitCodes.Other;
            await call.Client.DeleteAsync($"files/pem/{Uri.EscapeDataString(key)}", call.Cancel);
            call.Screen.Line($"Removed {key}.");
            return 0;
        });
    }

    private static Command Rotate() => Verb.Make("rotate-master", "make a new master key and re-encrypt every stored secret with it", "drover key rotate-master").Calls(async (_, call) =>
    {
        var answer = await call.Client.PostAsync<KeyRotationResponse>("system/secrets/rotate", call.Cancel);
        if (call.Screen.Json)
            Screen.PrintJson(answer);
        else
            call.Screen.Line($"The master key is new; {answer.Resealed} secrets were encrypted anew.");
        return 0;
    });

    private static string Describe(KeyResponse key) =>
        key.Type is null ? "encrypted, wants its passphrase" : string.Join(' ', new[] { key.Type, key.Bits?.ToString(CultureInfo.InvariantCulture), key.Fingerprint, key.Encrypted ? "(encrypted)" : null }.OfType<string>());
}
