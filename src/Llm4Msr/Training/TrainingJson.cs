using System.Text.Json;
using System.Text.Json.Serialization;
using Llm4Msr.Platform;

namespace Llm4Msr.Training;

/// <summary>JSON as run folders hold it.</summary>
internal static class TrainingJson
{
    public static readonly JsonSerializerOptions File = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public static readonly JsonSerializerOptions Line = new(File) { WriteIndented = false };

    public static T Read<T>(string path, string wayOut)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(System.IO.File.ReadAllBytes(path), File) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new Llm4MsrException(FaultKind.Damaged, $"'{path}' cannot be read: {e.Message} {wayOut}", e);
        }
    }
}
