//! Names of areas, with and without words for their kind, and what resembles them.

use super::*;
use std::collections::HashMap;

fn parse(country: &str, text: Option<&str>) -> Result<Option<String>, (&'static str, String)> {
    let input = text.map(|text| Text::new(text).unwrap());
    let found = region(country.parse().unwrap(), input.as_ref());
    found.map(|found| found.map(Text::into_string)).map_err(|mut error| {
        let field = error.fields.remove(0);
        (field.code, field.message)
    })
}

#[test]
fn every_name_of_the_table_finds_its_area() {
    for country in Country::all() {
        for area in Area::all(country) {
            for name in area.spellings() {
                assert_eq!(Area::find(country, name).map(|found| found.key), Some(area.key), "{country:?} {name}");
                assert_eq!(
                    Area::find(country, &name.to_uppercase()).map(|found| found.key),
                    Some(area.key),
                    "{country:?} {name}"
                );
            }
        }
    }
}

#[test]
fn table_names_countries_in_order_and_each_area_once() {
    let listed: Vec<&str> = TABLE.lines().filter(|row| !row.starts_with(['\t', '#'])).collect();
    assert!(listed.is_sorted_by(|one, next| one < next) && listed.len() > 40);
    for country in listed.iter().map(|code| code.parse::<Country>().unwrap()) {
        let mut owners = HashMap::new();
        for area in Area::all(country) {
            for name in area.spellings().map(fold) {
                assert_eq!(
                    *owners.entry(name.clone()).or_insert(area.key),
                    area.key,
                    "{country:?}: {name} names two areas"
                );
            }
        }
    }
}

#[test]
fn every_country_that_requires_an_area_has_a_list_or_takes_every_text() {
    let without: Vec<&str> = Country::all()
        .filter(|country| country.rules().requires('S') && Area::all(*country).next().is_none())
        .map(|country| country.code())
        .collect();
    assert_eq!(without, ["CR", "HN", "IQ", "PF", "PG"]);
    assert_eq!(parse("CR", Some("San José")), Ok(Some("San José".to_owned())));
}

#[test]
fn area_is_stored_by_its_key_whatever_its_name() {
    for (country, names, key) in [
        ("US", "CA|ca|California|CALIFORNIA|US-CA|California State|State of California", "CA"),
        ("US", "Washington DC|DC|District of Columbia", "DC"),
        ("US", "Washington|WA|Washington State", "WA"),
        ("CA", "QC|Quebec|Québec|québec", "QC"),
        ("CA", "Nouvelle-Écosse|nova scotia|CA-NS", "NS"),
        ("AU", "New South Wales|NSW", "NSW"),
        ("BR", "São Paulo|sao paulo|SP|BR-SP", "SP"),
        ("IT", "RM|Roma|Rome|IT-RM", "RM"),
        ("ES", "M|Madrid|Provincia de Madrid", "M"),
        ("ES", "BI|Bizkaia", "BI"),
        ("MX", "CDMX|Ciudad de México|cmx", "CDMX"),
        ("JP", "東京都|東京|Tokyo|Tokyo-to|13|JP-13|Tokyo Prefecture", "東京都"),
        ("JP", "京都府|Kyoto|Kyōto|Kyoto-fu", "京都府"),
        ("CN", "广东省|广东|Guangdong|Guangdong Province|CN-GD", "广东省"),
        ("KR", "서울특별시|서울|Seoul", "서울특별시"),
        ("IN", "Tamil Nadu|TN", "Tamil Nadu"),
        ("RU", "Москва|Moscow|Moskva", "Москва"),
        ("AE", "Dubai|دبي|AE-DU|Dubai Emirate", "إمارة دبيّ"),
        ("IR", "Tehran|Tehran Province|IR-23|23", "استان تهران"),
        ("IR", "Fars|Fars Province|IR-07", "استان فارس"),
        ("HK", "Kowloon|九龍", "Kowloon"),
        ("HK", "Hong Kong Island|香港島", "Hong Kong Island"),
        ("ID", "Papua Selatan|South Papua", "Papua Selatan"),
    ] {
        for name in names.split('|') {
            assert_eq!(parse(country, Some(name)), Ok(Some(key.to_owned())), "{country} {name}");
        }
    }
}

#[test]
fn official_and_usual_names_find_an_area_that_is_required() {
    for (country, names, key) in [
        ("CA", "Yukon Territory", "YT"),
        ("CN", "廣東省|廣東|Guangdong Sheng", "广东省"),
        ("CN", "Inner Mongolia|Inner Mongolia Autonomous Region|內蒙古", "内蒙古自治区"),
        ("CN", "Xizang|Tibet Autonomous Region", "西藏自治区"),
        ("CN", "Beijing City|Beijing Municipality", "北京市"),
        ("CO", "Bogotá D.C.|Bogotá, D.C.|Distrito Capital|Bogotá City", "Bogotá"),
        ("ES", "Seville|Provincia de Sevilla", "SE"),
        ("ES", "Principado de Asturias", "O"),
        ("ES", "Baleares|Illes Balears", "PM"),
        ("ID", "Jakarta City|Special Capital Region of Jakarta|Daerah Khusus Jakarta", "DKI Jakarta"),
        ("IE", "County Cork|Cork County|Co Cork", "Co. Cork"),
        ("IN", "OD|Orissa|Odisha", "Odisha"),
        ("IN", "TS", "Telangana"),
        ("IN", "Delhi City|National Capital Territory of Delhi", "Delhi"),
        ("IN", "Chandigarh City", "Chandigarh"),
        ("IT", "Provincia di Roma|Città metropolitana di Roma", "RM"),
        ("IT", "Provincia dell'Aquila", "AQ"),
        ("IT", "Reggio nell'Emilia", "RE"),
        ("BR", "Estado de São Paulo|State of São Paulo", "SP"),
        ("BR", "Estado da Bahia", "BA"),
        ("JP", "Tokyo Metropolis", "東京都"),
        ("KR", "서울시|Seoul City", "서울특별시"),
        ("KR", "부산시|Busan Metropolitan City", "부산광역시"),
        ("KR", "세종시", "세종특별자치시"),
        ("KR", "Sejong Special Self-Governing City", "세종특별자치시"),
        ("KR", "제주도|Jeju Island|Jeju Special Self-Governing Province", "제주특별자치도"),
        ("KR", "강원특별자치도|강원도|Gangwon Special Self-Governing Province", "강원도"),
        ("KR", "전북특별자치도|Jeonbuk", "전라북도"),
        ("KR", "Gyeongnam|Gyeongsangnam", "경상남도"),
        ("MX", "Mexico City|Ciudad de México", "CDMX"),
        ("MX", "México|State of Mexico", "Méx."),
        ("MX", "Veracruz de Ignacio de la Llave", "Ver."),
        ("TW", "臺北市|臺北|Taipei", "台北市"),
        ("TW", "Taipei County|臺北縣", "新北市"),
        ("UA", "Kyiv Oblast|Kyiv Region|Kiev Oblast|Kiev Region|Київська|Київська обл.", "Київська область"),
        ("UA", "Kyiv|Kyiv city|Kiev|Kiev City|м. Київ", "місто Київ"),
        ("VE", "Distrito Capital", "Distrito Federal"),
        ("VE", "La Guaira|Estado La Guaira", "Vargas"),
    ] {
        for name in names.split('|') {
            assert_eq!(parse(country, Some(name)), Ok(Some(key.to_owned())), "{country} {name}");
        }
    }
}

#[test]
fn areas_of_russia_have_many_names() {
    for (names, key) in [
        ("Moscow City|г. Москва|г Москва|город Москва|МОСКВА", "Москва"),
        ("St. Petersburg|Saint Petersburg City|St Petersburg City|г. Санкт-Петербург", "Санкт-Петербург"),
        ("Sevastopol City|город Севастополь|Sevastopol", "Севастополь"),
        ("Moscow Oblast|Moscow Region|Moscow Province|Московская|Московская обл.|Москва область", "Московская область"),
        ("Ленинградская|Ленинградская обл|Leningrad Oblast", "Ленинградская область"),
        ("Краснодарский кр.|Краснодарский|Krasnodar|Krasnodar Territory", "Краснодарский край"),
        ("Altai Krai|Altai Territory|Altai Region|Алтайский|Алтайский кр.", "Алтайский край"),
        ("Altai Republic|Republic of Altai|Altai|Алтай|Респ. Алтай", "Республика Алтай"),
        ("Татарстан|Республика Татарстан|Респ. Татарстан|Republic of Tatarstan|Tatarstan", "Республика Татарстан"),
        ("Удмуртия|Удмуртская Республика|Удмуртская Респ", "Республика Удмуртия"),
        ("Республика Саха|Саха|Якутия|Sakha Republic", "Республика Саха (Якутия)"),
        ("Ненецкий АО|Nenets Autonomous Okrug", "Ненецкий автономный округ"),
        ("Ямало-Ненецкий АО|ЯНАО|Yamalo-Nenets Autonomous Okrug", "Ямало-Ненецкий автономный округ"),
        ("Еврейская АО|Jewish Autonomous Oblast", "Еврейская автономная область"),
    ] {
        for name in names.split('|') {
            assert_eq!(parse("RU", Some(name)), Ok(Some(key.to_owned())), "{name}");
        }
    }
}

#[test]
fn name_of_a_country_is_an_area_only_if_an_area_has_exactly_this_name() {
    assert_eq!(parse("HK", Some("Hong Kong")), Ok(Some("Hong Kong".to_owned())), "not the island");
    assert_eq!(parse("MX", Some("Mexico")), Ok(Some("Méx.".to_owned())));
    assert_eq!(parse("PW", Some("Palau")), Ok(Some("PW".to_owned())));
    for country in Country::all() {
        let name = country.rules().name;
        let name = name.strip_prefix("the ").unwrap_or(name);
        let found = Area::find(country, name);
        assert!(found.is_none_or(|area| area.spellings().any(|known| fold(known) == fold(name))), "{country:?}");
    }
}

#[test]
fn words_for_the_kind_of_area_are_as_names_are_compared() {
    let of_kinds = WORDS_OF_KINDS.iter().chain(FIRST_WORDS_OF_KINDS).map(|(word, _)| word);
    let in_full = ABBREVIATIONS.iter().flat_map(|(short, word)| [short, word]);
    for word in KIND_WORDS.iter().chain(of_kinds).chain(FIRST_WORDS).chain(in_full) {
        assert_eq!(fold(word), *word);
    }
}

#[test]
fn text_that_only_resembles_an_area_is_none() {
    for (country, texts) in [
        ("ES", "-|.|Toledo County|Tole"),
        ("IT", "-|...|Noto|Pra|Tren"),
        ("BR", "-|Alto"),
        ("JP", "Gi|Kyo|Kumamo|Tokyo City"),
        ("MX", "Guanajua|Republic of Mexico"),
        ("UY", "Sal"),
        ("RU", "обл|кр.|Республика|г. Казань|г."),
        ("AE", "-|."),
        ("US", "-|Delaware County|County Delaware|Kansas City|Washington County"),
        ("TW", "Hsinchu"),
        ("SO", "Somalia"),
    ] {
        let country: Country = country.parse().unwrap();
        for text in texts.split('|') {
            assert_eq!(Area::find(country, text), None, "{country:?} {text}");
        }
    }
}

#[test]
fn area_is_required_where_the_country_needs_it() {
    assert_eq!(
        parse("US", None),
        Err(("required", "an address in the United States needs a state, such as AL or Alabama".to_owned()))
    );
    assert_eq!(
        parse("US", Some("Bavaria")),
        Err((
            "region_unknown",
            "is not known in the United States; send the name or the code of a state, such as AL or Alabama".to_owned()
        ))
    );
    for country in ["CA", "AU", "BR", "CN", "ES", "IN", "IT", "JP", "KR", "MX", "CO"] {
        assert_eq!(parse(country, None).unwrap_err().0, "required", "{country}");
        assert_eq!(parse(country, Some("Nowhere")).unwrap_err().0, "region_unknown", "{country}");
    }
}

#[test]
fn other_countries_need_no_area_and_take_every_text() {
    for country in ["DE", "GB", "NL", "HK", "AE", "JM", "AR", "MY"] {
        assert_eq!(parse(country, None), Ok(None), "{country}");
        assert_eq!(parse(country, Some("Elsewhere")), Ok(Some("Elsewhere".to_owned())), "{country}");
    }
    assert_eq!(parse("AR", Some("cordoba")), Ok(Some("Córdoba".to_owned())), "known areas have one form there, too");
}

#[test]
fn only_area_of_a_country_is_filled_in() {
    assert_eq!(parse("VI", None), Ok(Some("VI".to_owned())));
    assert_eq!(parse("VI", Some("U.S. Virgin Islands")), Ok(Some("VI".to_owned())));
}
